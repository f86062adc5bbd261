"""The same pairs given to PySAL `access` and to ours: `make bench-peer` (an environment of its own).

Reads what `benchmarks.peer_pairs` wrote; prints the ratio per profession and the largest relative difference.
"""

import sys
import time

import numpy as np
import pandas as pd
from access import Access
from access.weights import step_fn

STEPS = {10: 1.0, 15: 0.3, 20: 0.1}


def main(path: str) -> None:
    data = np.load(path)
    size = len(data["population"])
    costs = pd.DataFrame({"origin": data["origin"], "dest": data["destination"], "cost": data["minutes"]})
    demand = pd.DataFrame({"id": np.arange(size), "pop": data["population"]})
    supply = pd.DataFrame({"id": np.arange(size), "doc": data["supply"]})
    model = Access(
        demand_df=demand,
        demand_index="id",
        demand_value="pop",
        supply_df=supply,
        supply_index="id",
        supply_value="doc",
        cost_df=costs,
        cost_origin="origin",
        cost_dest="dest",
        cost_name="cost",
    )

    start = time.perf_counter()
    found = model.enhanced_two_stage_fca(
        name="e", cost="cost", supply_values="doc", max_cost=20, weight_fn=step_fn(STEPS)
    )
    peer = time.perf_counter() - start
    theirs = found.iloc[:, 0].reindex(np.arange(size)).fillna(0).to_numpy() * 100_000
    ours = data["ours"]
    known = ours > 0
    difference = float(np.max(np.abs(theirs[known] - ours[known]) / ours[known]))
    per_profession = float(data["seconds"])
    print(f"PySAL access: {peer:.2f} s a profession; ours: {1000 * per_profession:.2f} ms a profession")
    print(f"ratio: {peer / per_profession:.0f}")
    print(f"largest relative difference: {difference:.1e} over {known.sum()} communes, {len(costs)} pairs")


if __name__ == "__main__":
    main(sys.argv[1])
