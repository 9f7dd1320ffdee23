"""Whether the answer is the same under other circumstances: wages, price, uptake, fade-out, discount rate."""
