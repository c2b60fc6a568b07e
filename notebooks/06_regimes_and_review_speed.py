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
# # 6 · What is gained when quota follows projects, and does that depend on review speed?
#
# **要素跟着项目走能增加多少效益，与审批速度有没有关系？** 两市36个项目排队等一个审批窗口，批下来后还要等用地。
# 用地有三种给法：按公式切块到市、先到先得（regional）；开年按排名一次定盘（ranked）；
# 每月在已经批下来的项目中重新优化（follow，要素跟着项目走）。
# 本节在指标很紧和指标充足两种情形下，用三种审批速度各模拟几次（需求、指标、随机数均相同，逐次配对），
# 看哪种情形下给法重要、哪种情形下速度重要，最后自己写一种给法。
#
# A project needs its approvals and its land. Who gets the land can be settled by a formula, by a list, or month by
# month among those who are ready. When does that choice matter, and when is it the reviews that hold everybody up?

# %%
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from allocator import Case
from allocator.plotstyle import canvas
from simulation import Scenario
from simulation.crossing import cross
from simulation.loop import Regime

# %% [markdown]
# ## Two cities and one desk
#
# A case of our own, small enough to be solved in no time. There is one resource, land, in two periods that begin on
# day 0 and day 90; what is left passes on. The benefit of a project is its score times its plan. `quota` says how much
# land there is for each mu asked for. By formula each city gets half, though two thirds of the projects are in North.


# %%
def county(quota, n=36):
    """The case with so much land for each mu that is asked for."""
    rng = np.random.default_rng(6)
    plan = rng.lognormal(5.5, 0.6, n).round()
    projects = pd.DataFrame({
        "id": [f"P{i:02d}" for i in range(n)],
        "region": rng.permutation(np.where(np.arange(n) < n * 2 // 3, "North", "South")),
        "ready": rng.integers(0, 40, n).astype(float), "score": rng.uniform(40, 100, n).round(), "plan": plan,
        "land": (plan * rng.uniform(0.1, 0.5, n)).round(1),
    })  # fmt: skip
    amounts = (projects["land"].sum() * quota * np.array([0.6, 0.4])).round(1)
    pools = pd.DataFrame({"pool": "land", "resource": "land", "unit": "mu", "period": ["0", "90"], "amount": amounts,
                          "carry": 1.0})  # fmt: skip
    stages = pd.DataFrame({
        "stage": ["review", "mobilise"], "office": ["desk", None], "work": ["lognormal(5, 0.6)", None],
        "elapsed": [None, "lognormal(20, 0.4)"], "after_grant": [None, "yes"],
    })  # fmt: skip
    offices = pd.DataFrame({"office": ["desk"], "reviewers": [1]})
    policy = {"formula": {"North": 0.5, "South": 0.5}, "return_days": 60}
    return Case.from_tables(projects=projects, pools=pools, stages=stages, offices=offices, policy=policy)


scarce, ample = county(0.25), county(3.0)
scarce.projects.head()

# %% [markdown]
# ## Three ways, three speeds
#
# `cross` runs every way of giving quota out under every speed. On every 30th day what is due is given out. All cells
# share their draws: the same project meets the same luck in all of them, so that differences are due to the regime
# and to speed. What is run once is kept in a file; we shall come back to it.

# %%
speeds = {"as it is": Scenario(), "twice": Scenario(speed=2), "four times": Scenario(speed=4)}
WAYS = ["regional", "ranked", "follow"]
folder = tempfile.TemporaryDirectory()
kept = Path(folder.name) / "runs.sqlite"


def crossed(case, ways=WAYS, levers=speeds, replications=4):
    """Regimes crossed with speeds, until day 180."""
    return cross(case, levers, ways, every=30.0, until=180.0, replications=replications, jobs=1, store=kept)


made = {"scarce": crossed(scarce), "ample": crossed(ample)}
made["scarce"].totals().head(3)

# %% [markdown]
# Demand and quota are the same in all cells; were they not, `cross` would refuse.

# %%
colours, styles = dict(zip(WAYS, ("C7", "C0", "C3"), strict=True)), {"as it is": "-", "four times": "--"}
with canvas(9.5, 4.2) as figure:
    for axes, (name, one) in zip(figure.subplots(1, 2), made.items(), strict=True):
        curves = one.benefit(np.arange(0.0, 181.0)).query("kind == 'realised'")
        for (speed, way), line in curves.groupby(["scenario", "regime"], sort=False):
            if speed in styles:
                axes.plot(line["time"], line["mean"] / 1000, styles[speed], color=colours[way], label=f"{way}, {speed}")
        axes.set_title(f"quota {name}", loc="left")
        axes.set_xlabel("day")
        axes.set_ylabel("benefit of the started (thousand points)")
        axes.legend(frameon=False, fontsize=8)
figure

# %% [markdown]
# On the left the colours part: what counts is who gets the land. Dashes and line of `regional` end at the same height,
# so that speed changes nothing for it. On the right all colours lie on one another, and only the dashes part from the
# lines: what counts is how fast reviews are.
#
# ## The two-way table


# %%
def two_way(one, measure="realised"):
    """Means with half of their 95 % intervals: speeds down, regimes across."""
    table = one.table(measure)
    half = table["high"] - table["mean"]
    table["cell"] = [f"{mean:,.0f} ± {width:,.0f}" for mean, width in zip(table["mean"], half, strict=True)]
    return table.pivot(index="scenario", columns="regime", values="cell").loc[list(one.scenarios), list(one.regimes)]


pd.concat({name: two_way(one) for name, one in made.items()})

# %%
started = made["ample"].table("started").query("regime == 'follow'").set_index("scenario")["mean"]
print(f"With ample quota {started['as it is']:.0%} start, {started['twice']:.0%} with reviews twice as fast.")
assert started["twice"] > started["as it is"]

# %% [markdown]
# ## What is gained, and does it depend on speed?
#
# Intervals of means overlap where the draws differ much. Paired by replication they need not: `gains` takes the
# difference to the first regime in each replication. `more` is the gain less the gain at the first speed, again in
# each replication. If its interval leaves zero out, the gain depends on speed.

# %%
gains = made["scarce"].gains("realised")
gains.round(2)

# %%
with canvas(9.5, 3.6) as figure:
    axes = figure.subplots()
    for shift, way in ((-0.06, "ranked"), (0.06, "follow")):
        mine = gains[gains["regime"] == way]
        place, gain = np.arange(3) + shift, mine["gain"] / 1000
        axes.errorbar(place, gain, mine["high"] / 1000 - gain, fmt="o-", capsize=4, color=colours[way], label=way)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks(range(3), list(speeds))
    axes.set_xlabel("review speed")
    axes.set_ylabel("gain against regional (thousand points)")
    axes.legend(frameon=False)
figure

# %%
follow = gains[gains["regime"] == "follow"].set_index("scenario")
faster = made["scarce"].effects("realised").set_index(["regime", "scenario"])["effect"]
base = made["scarce"].table("realised").set_index(["regime", "scenario"])["mean"]
print(f"As reviews are, following projects gains {follow.loc['as it is', 'relative']:.0%} over quota by region, "
      f"at twice the speed {follow.loc['twice', 'relative']:.0%}.")  # fmt: skip
for way in WAYS:
    print(f"Twice the speed gains {faster[way, 'twice'] / base[way, 'as it is']:.0%} under {way}, "
          f"four times {faster[way, 'four times'] / base[way, 'as it is']:.0%}.")  # fmt: skip
assert follow.loc["as it is", "low"] > 0 and follow.loc["twice", "more_low"] > 0
assert abs(faster["regional", "twice"]) < 0.05 * base["regional", "as it is"]

# %% [markdown]
# Where quota is scarce, speed alone does next to nothing: under `regional` the land is gone to whoever came first, and
# more projects wait for what is not there. But speed is worth something to those who choose. With more projects ready
# at a sitting there are better ones among them, so the gain of `follow` grows with speed. A list made beforehand
# (`ranked`) waits for its own projects, and needs speed to have them ready at all. From twice the speed on there is
# enough to choose from, and more speed adds little.

# %%
for name, one in made.items():
    found = one.gains("realised").query("regime == 'follow' and scenario == 'twice'").iloc[0]
    waits = one.table("elements").query("regime == 'follow' and scenario == 'twice'")["mean"].item()
    print(f"{name}: at twice the speed follow gains {found['gain']:,.0f} points; "
          f"projects wait {waits:.0f} days for land.")  # fmt: skip
dates = [one.started for (name, number), one in made["ample"].runs.kept.items() if number == 0 and "twice" in name]
assert all((one == dates[0]).all() for one in dates)

# %% [markdown]
# Where quota is ample nobody competes for it, and every regime gives the same dates to the same projects. Then only
# reviews can be made faster. So ask first which of the two is short; and where both are, do both, since either makes
# the other worth more.
#
# ## A regime of one's own
#
# A regime is a function: it gets a `Sitting` (who waits with all their columns, what is held, which period it is) and
# answers with a choice. `take` goes down a list and gives to each what still fits. Here those with most benefit per mu
# come first, with no solver at all. What was run before is not run again: it comes out of the file.


# %%
def densest(sitting):
    """Most benefit per mu first."""
    waiting = sitting.projects
    order = (waiting["score"] * waiting["plan"] / waiting["land"]).sort_values(ascending=False).index
    return sitting.take(waiting.loc[order, "id"])


own = crossed(scarce, ["regional", "follow", densest])
two_way(own)

# %%
total = own.table("realised").groupby("regime")["mean"].mean()
reached = (total["densest"] - total["regional"]) / (total["follow"] - total["regional"])
print(f"Most benefit per mu first reaches {reached:.0%} of what following projects gains by optimising.")
assert reached > 0.5

# %% [markdown]
# With one resource a simple rule goes a long way. With land, energy and coal from pools of provinces and cities, and
# rules over all of them, there is no single order any more; `yaosu regimes shandong-2020` crosses the whole sample.
#
# ## Exercises
#
# 1. Between scarce and ample: at how much quota does twice the speed begin to matter under `regional`?
# 2. Write a regime that is choosy: it gives nothing to projects whose benefit per mu is below the median of all. Does
#    it pay to wait for better ones, and does that depend on speed?
# 3. Who pays? Compare the shares of the two cities under `regional` and `follow` with `fairness`.
#
# **练习：** 一、指标从紧到松，给到多少时审批提速一倍在 `regional` 下才开始有用？二、写一种“宁缺毋滥”的给法：
# 亩均效益低于全部项目中位数的不给。等更好的项目是否划算，与审批速度有无关系？三、谁得谁失：用 `fairness`
# 比较 `regional` 与 `follow` 下两市所占份额。答案在下面折叠的单元格中。

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 1: at three quarters of what is asked for it does, at half not yet; the effect grows until nobody waits for land.
two = {name: speeds[name] for name in ("as it is", "twice")}
levels = {quota: crossed(county(quota), ["regional"], two) for quota in (0.25, 0.5, 0.75, 1.0, 1.5)}
pd.concat({quota: one.effects("realised") for quota, one in levels.items()}, names=["quota"]).droplevel(1).round(0)


# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 2: a regime made for a threshold; each needs a name of its own. To pass over the worst half keeps up with `follow`,
# which looks no further than the sitting; whether it is ahead, so few replications cannot tell. To pass over 70 % is
# too much: land is left in the end. The regime `priced` takes its threshold from the prices of the whole round.
def choosy(quantile):
    """Most benefit per mu first, and none below a quantile of all projects."""

    def decide(sitting):
        everybody, waiting = sitting.round.model.projects, sitting.projects
        least = (everybody["score"] * everybody["plan"] / everybody["land"]).quantile(quantile)
        dense = (waiting["score"] * waiting["plan"] / waiting["land"]).sort_values(ascending=False)
        return sitting.take(waiting.loc[dense[dense >= least].index, "id"])

    return Regime(f"above {quantile:.0%}", decide)


two_way(crossed(scarce, [densest, choosy(0.5), choosy(0.7)]))

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 3: by formula each has half; where land goes to the best projects, the city with more of them has more.
made["scarce"].fairness().query("regime != 'ranked'").round(2)
