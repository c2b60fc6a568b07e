# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2 · Scores: how firm is a rank?
#
# **得分：名次有多可靠？** 亩产效益得分由六项指标加权得出。权重是人定的，换一组同样合理的权重，名次就会变动。
# 本节先拆开一个项目的得分，再让权重在给定值附近随机变动一千次，看哪些项目总在前三百名、哪些说不准，
# 最后换几种评分方法作比较。
#
# Every project has a score, and the scores make a ranking. The score hangs on weights that somebody has chosen. How
# much of the ranking would survive if they had chosen a little differently?

# %%
from dataclasses import replace

import numpy as np
import pandas as pd

from allocator import firmness, load_sample, score, why
from allocator.plotstyle import canvas

case = load_sample("shandong-2020")
scores = score(case)
scores[["id", "score", "grade", "rank"]].head()

# %% [markdown]
# ## One score taken apart
#
# Six indicators, each with a weight, a benchmark and a cap: tax per mu (亩均税收), value added per mu (亩均增加值),
# value added per tce (单位能耗增加值), revenue per emission (单位排放收入), labour productivity (全员劳动生产率) and
# R&D intensity (研发投入强度). An indicator gives `100 × weight × value / benchmark` points, and no more than its cap
# allows. Some fields get points on top (`adjustment`).

# %%
best = scores.loc[scores["rank"] == 1, "id"].item()
parts = why(case, best)
parts[["part", "name", "x", "benchmark", "capped", "weight", "points"]].round(3)

# %%
points = parts.loc[parts["part"] != "total", "points"].sum()
print(f"{best} is first with {points:.1f} points.")
assert abs(points - scores["score"].max()) < 1e-9

# %% [markdown]
# ## A thousand other weights
#
# `firmness` draws weights from a Dirichlet distribution: on average they are those in force, and the larger
# `concentration`, the closer they stay. With 100, a weight of 0.30 has a standard deviation of about 0.05. We ask who
# is among the first 300.

# %%
FIRST = 300
firm = {spread: firmness(case, funded=FIRST, draws=1000, concentration=spread) for spread in (30, 100, 1000)}
firm[100].sort_values("rank").iloc[FIRST - 3 : FIRST + 3]

# %%
with canvas(9.5, 6.4) as figure:
    above, below = figure.subplots(2, sharex=True)
    table = firm[100].sort_values("rank")
    above.fill_between(
        table["rank"], table["rank_low"], table["rank_high"], alpha=0.3, label="nine tenths of the draws"
    )
    above.plot(table["rank"], table["rank"], color="black", linewidth=0.8, label="as ranked")
    above.set_ylabel("rank under other weights")
    above.set_title("The first and the last are firm; in the middle weights decide", loc="left")
    above.legend(frameon=False)
    for spread, table in firm.items():
        below.scatter(table["rank"], table["probability"], s=5, label=f"concentration {spread}")
    below.axvline(FIRST, color="black", linewidth=0.8)
    below.set_xlabel("rank")
    below.set_ylabel(f"chance to be among the first {FIRST}")
    below.legend(frameon=False, markerscale=3)
figure

# %%
for spread, table in firm.items():
    sure, never = (table["probability"] > 0.95).sum(), (table["probability"] < 0.05).sum()
    sd = np.sqrt(0.3 * 0.7 / (spread + 1))
    print(f"concentration {spread} (a weight of 0.30 ± {sd:.2f}): {sure} surely in, {never} surely out, "
          f"{len(table) - sure - never} open")  # fmt: skip
open_ones = {spread: table["probability"].between(0.05, 0.95).sum() for spread, table in firm.items()}
assert open_ones[30] > open_ones[100] > open_ones[1000]

# %% [markdown]
# The first and the last are firm under any weights near those in force. Between them lies a band round the cut in
# which the weights decide, and not the projects. The wider the doubt about the weights, the wider the band. In the
# middle of the list, where many scores are nearly equal, a rank moves most.
#
# ## Other methods
#
# The benchmark method is what counties use. Others compare a project with the best and the worst (`minmax`), with its
# place among all (`percentile`), or with an ideal (`topsis`); weights can also be taken from the data (`entropy`,
# `critic`).


# %%
def first(**changes):
    """Who is among the first under another rule of scoring."""
    rule = replace(case.policy.score, **changes)
    table = score(case.with_changes(policy=replace(case.policy, score=rule)))
    return set(table.loc[table["rank"] <= FIRST, "id"])


ways = {"benchmark": {}, "minmax": {"method": "minmax"}, "percentile": {"method": "percentile"},
        "topsis": {"method": "topsis"}, "entropy weights": {"weights": "entropy"}}  # fmt: skip
members = {name: first(**changes) for name, changes in ways.items()}
pd.DataFrame({name: {other: len(one & two) for other, two in members.items()} for name, one in members.items()})

# %%
always = set.intersection(*members.values())
print(f"{len(always)} of {FIRST} are among the first whatever the method.")
assert len(always) < FIRST

# %% [markdown]
# Each number says how many of the first 300 two methods have in common. The choice of a method moves more projects
# than an error in the weights. So a method is a decision, to be taken before the projects are known; and close to the
# cut a rank is no argument by itself.
#
# A plan is less sensitive than a ranking, since it also weighs what a project uses. `allocator.robustness` allocates
# again and again under drawn weights, scores and demands; it takes minutes on this sample.
#
# ## Exercises
#
# 1. Which field has the largest share of open projects?
# 2. Take the points that fields get on top (`adjustments`) away. How many of the first 300 change?
# 3. Double the weight of R&D and let the others shrink in proportion. Is that within the doubt that concentration 100
#    stands for?
#
# **练习：** 一、哪个领域说不准的项目占比最大？二、去掉各领域加分，前三百名变动多少？三、研发投入强度的权重加倍、
# 其余按比例缩小，名次变动是否仍在上面的波动范围之内？答案在下面折叠的单元格中。

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 1
known = firm[100].merge(case.projects[["id", "field"]])
known["probability"].between(0.05, 0.95).groupby(known["field"]).mean().sort_values()

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 2
FIRST - len(members["benchmark"] & first(adjustments=()))

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 3: with concentration 100 a weight of 0.1 has a standard deviation of 0.03: 0.2 is far beyond that doubt.
weights = case.indicators.set_index("indicator")["weight"]
double = (weights * (0.8 / 0.9)).where(weights.index != "研发投入强度", 0.2)
other = score(case.with_changes(indicators=case.indicators.assign(weight=double.to_numpy())))
inside = other["rank"].between(firm[100]["rank_low"], firm[100]["rank_high"]).mean()
print(f"{inside:.0%} of the ranks stay within their intervals (90 % of the draws do)")
