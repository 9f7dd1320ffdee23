"""How well each pillar's own pipeline does on simulated data of this study's shape.

Names are imported when first used.
"""
