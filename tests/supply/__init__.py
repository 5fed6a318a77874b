"""What the program is made of besides itself: few packages, each with a reason, none with a known hole."""
