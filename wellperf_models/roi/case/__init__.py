"""The business case before any data of the programme: what one would have to believe for it to pay."""
