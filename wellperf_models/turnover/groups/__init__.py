"""How hazards differ between teams or sites: partially pooled, on the same cells."""
