"""How the detector is made: data sets, forgeries made for training, training, evaluation."""
