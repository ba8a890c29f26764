"""Topic models of accessibility: latent Dirichlet allocation of binarised cells × regions."""
