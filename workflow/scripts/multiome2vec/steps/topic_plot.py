"""Draw which labels the topics in use belong to."""

import anndata as ad
import pandas as pd

from multiome2vec import keys
from multiome2vec.io.atomic import save_figure
from multiome2vec.io.contracts import check_topics
from multiome2vec.io.labels import labels_of
from multiome2vec.plots.topics import label_figure, shares_by_label


def topic_plot(*, topics: str, labels: str, out: str) -> None:
    """Draw the mean share of each topic in the cells of each label.

    Parameters
    ----------
    topics, labels
        The chosen ``topics.h5ad`` and ``annotation/labels.tsv``.
    out
        The figure.
    """
    model = ad.read_h5ad(topics)
    check_topics(model, path=topics)
    label = labels_of(labels, model.obs_names)
    shares = shares_by_label(model.obsm[keys.X_TOPIC], label)
    save_figure(label_figure(shares, pd.Series(label).value_counts()), out)
