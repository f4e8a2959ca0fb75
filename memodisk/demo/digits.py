"""How many trees does it take to read handwritten digits? A slow question, asked as one asks it in a notebook."""

import time

import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import cross_val_predict, cross_val_score

import memodisk


@memodisk.memoize(ignore=["jobs"])
def cross_validate(trees: int, folds: int = 5, jobs: int = 1) -> dict[str, float]:
    """Return mean and spread of the accuracy of a random forest on images that it has not seen."""
    pixels, digits = load_digits(return_X_y=True)
    forest = RandomForestClassifier(trees, random_state=0)
    accuracy = cross_val_score(forest, pixels, digits, cv=folds, n_jobs=jobs)
    return {"mean": float(accuracy.mean()), "spread": float(accuracy.std())}


@memodisk.memoize
def confusions(trees: int, folds: int = 5) -> np.ndarray:
    """Return how often each digit is taken for each other digit, as a 10 × 10 array of counts."""
    pixels, digits = load_digits(return_X_y=True)
    guessed = cross_val_predict(RandomForestClassifier(trees, random_state=0), pixels, digits, cv=folds)
    counts: np.ndarray = confusion_matrix(digits, guessed)
    return counts


def main() -> None:
    steps = [10, 30, 100, 200]
    for number, trees in enumerate(steps, 1):
        print(f"  [{number}/{len(steps) + 1}] a forest of {trees:3} trees … ", end="", flush=True)
        started = time.perf_counter()
        accuracy = cross_validate(trees)
        seconds = time.perf_counter() - started
        print(f"accuracy {accuracy['mean']:.3f} ± {accuracy['spread']:.3f}   {seconds:8.4f} s")
    print(f"  [{len(steps) + 1}/{len(steps) + 1}] what it confuses … ", end="", flush=True)
    started = time.perf_counter()
    counts = confusions(200)
    seconds = time.perf_counter() - started
    np.fill_diagonal(counts, 0)
    digit, taken_for = np.unravel_index(counts.argmax(), counts.shape)
    print(f"      most often {digit} for {taken_for}   {seconds:8.4f} s")


if __name__ == "__main__":
    main()
