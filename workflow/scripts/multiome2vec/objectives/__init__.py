"""Objectives: the ELBO and the terms that presets add to it, weighted by schedules."""
