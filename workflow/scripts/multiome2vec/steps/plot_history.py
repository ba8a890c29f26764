"""Draw the training curves of one model."""

import pandas as pd

from multiome2vec.io.atomic import save_figure
from multiome2vec.plots.training import loss_figure


def plot_history(*, history: str, figure: str) -> None:
    """Draw every term of the loss by epoch."""
    save_figure(loss_figure(pd.read_csv(history, sep="\t")), figure)
