"""A secret that is made for one test run, signs wherever tests trade, and must be found nowhere when the run is over."""
