"""Recommenders of the local Amazon Personalize: a hierarchical recurrent network, SIMS and Popularity-Count."""
