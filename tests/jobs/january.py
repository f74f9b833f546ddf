"""What January and the start of February cost accounts A and B, reckoned by hand.

A: 5 flights at 2.00 and 3 at 1.50 are 14.50; support 10.00; a desk 31.00, also for February.
B: 3 flights at 2.00; support and desk alike: 47.00, less 10 %, divided by product; of 42.30 the
prepaid 5.00 is paid. February's desk is 31.00 less 3.10.
"""

JANUARY = {
    ("A", "01-01", "recurring_fee", "desk", "desks"): 3100,
    ("A", "01-01", "recurring_fee", "support", "support"): 1000,
    ("A", "01-01", "usage", "landing", "landing"): 1450,
    ("A", "02-01", "recurring_fee", "desk", "desks"): 3100,
    ("B", "01-01", "credit", "prepaid", ""): -500,
    ("B", "01-01", "discount", "partner", "desks"): -310,
    ("B", "01-01", "discount", "partner", "landing"): -60,
    ("B", "01-01", "discount", "partner", "support"): -100,
    ("B", "01-01", "recurring_fee", "desk", "desks"): 3100,
    ("B", "01-01", "recurring_fee", "support", "support"): 1000,
    ("B", "01-01", "usage", "landing", "landing"): 600,
    ("B", "02-01", "discount", "partner", "desks"): -310,
    ("B", "02-01", "recurring_fee", "desk", "desks"): 3100,
}
