"""Write the pairs, a supply and our own answer and time, for the peer to be given the same."""

import os
import sys
import tempfile
from datetime import date

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="maillage-peer-")

import django

django.setup()

import numpy as np  # noqa: E402
from django.core.management import call_command  # noqa: E402

from benchmarks.measure import interleaved  # noqa: E402
from maillage.territorial_diagnosis.loading import accessing  # noqa: E402
from maillage.territorial_diagnosis.queries.places import Gazetteer  # noqa: E402
from maillage.territorial_diagnosis.rules import accessibility as rules  # noqa: E402

ON = date(2026, 11, 24)
PROFESSIONS = 12


def main(path: str) -> None:
    call_command("migrate", verbosity=0)
    call_command("import_communes", verbosity=0)
    nodes = accessing.read_nodes(Gazetteer.read())
    population = nodes.population
    pairs = rules.pairs(nodes.points, population, rules.travel(ON))
    steps = rules.catchment(ON)
    kept = steps.weights(pairs.minutes) > 0
    weights = rules.weight_matrix(pairs, len(population), steps)
    supply = np.random.default_rng(24).poisson(population / 1_500).astype(float)
    many = np.repeat(supply[:, None], PROFESSIONS, axis=1)
    demand = np.repeat(population[:, None], PROFESSIONS, axis=1)
    (taken,) = interleaved(lambda: rules.accessibility(weights, many, demand), rounds=9)
    ours = rules.accessibility(weights, supply[:, None], population[:, None])[:, 0]
    np.savez(
        path,
        origin=pairs.origin[kept],
        destination=pairs.destination[kept],
        minutes=pairs.minutes[kept],
        population=population,
        supply=supply,
        ours=ours,
        seconds=taken / 1000 / PROFESSIONS,
    )


if __name__ == "__main__":
    main(sys.argv[1])
