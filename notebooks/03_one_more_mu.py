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
# # 3 · What is one more mu worth?
#
# **多一亩地值多少？** 指标的“影子价格”是多给一亩能增加的产出效益。本节以青岛的139个合成项目为例，
# 比较价格与“多给一块、重新求解”的实际增益：项目不可分割，所以少量增加时二者不同，成块增加时相近；
# 增加到用不完时价格归零。最后比较项目最多的八个市，看哪里的一亩最值钱。
#
# Quota can be bought, exchanged between cities, or borrowed from next year. For all of these one must know what a mu
# is worth. The plan has an answer, a price; and one can check it by solving again with more land.

# %%
import pandas as pd

from allocator import Case, allocate, load_sample, score
from allocator.plotstyle import canvas

# %% [markdown]
# ## A case cut to the bone
#
# We take the projects of one city from the sample, with land and energy only, no periods and no loans, and pools that
# hold 45 % of what is asked for. So each plan is proven optimal in a moment (`gap=0`). A project is worth its score
# times the investment planned for this year.

# %%
sample = load_sample("shandong-2020")
scored = sample.projects.merge(score(sample)[["id", "score"]])
everything = scored[["id", "name", "region", "field", "land", "energy", "plan", "score"]]


def bone(projects, share=0.45):
    """A case with one pool of land and one of energy, each holding a share of what is asked for."""
    asked = projects[["land", "energy"]].sum()
    pools = pd.DataFrame(
        {"pool": ["land", "energy"], "resource": ["land", "energy"], "amount": (share * asked).round()}
    )
    return Case.from_tables(projects=projects, pools=pools)


case = bone(everything[everything["region"] == "青岛"])
plan = allocate(case, gap=0)
plan

# %%
prices = plan.prices.set_index("pool")[["price", "unit", "used", "available"]]
prices

# %% [markdown]
# ## Price, and what is really gained
#
# The price comes from the relaxation, in which the last project may be served in part. It says what a little more of
# a pool would be worth then. Projects are whole, however. `block_value` adds a block, solves again, and says what is
# gained.

# %%
blocks = [1, 5, 10, 20, 50, 100, 500, 1000, 1500, 2000]
gains = pd.concat([plan.block_value({"land": block}, gap=0) for block in blocks], ignore_index=True)
gains = gains[["block", "gained", "price_times_block"]].assign(per_mu=gains["gained"] / gains["block"])
gains

# %%
price = prices.loc["land", "price"]
with canvas(9.5, 4.2) as figure:
    axes = figure.subplots()
    axes.plot(gains["block"], gains["per_mu"], "o-", label="gained per mu, solved again")
    axes.axhline(price, color="black", linewidth=0.8, label="price")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylim(0)
    axes.set_xlabel("block of land added (mu)")
    axes.set_ylabel("points per mu")
    axes.set_title(f"A mu is worth about {price:.0f} points, if there are some dozens of them", loc="left")
    axes.legend(frameon=False)
figure

# %%
per_mu = gains.set_index("block")["per_mu"]
some, few = per_mu.loc[50:500], per_mu.loc[:20]
print(f"The price is {price:.0f} points per mu.")
print(f"Blocks of 50 to 500 mu gain {some.min():.0f} to {some.max():.0f} points per mu,")
print(f"blocks of 1 to 20 mu {few.min():.0f} to {few.max():.0f}, and a block of 2,000 mu {per_mu[2000]:.0f}.")
assert per_mu[2000] < price and gains["gained"].is_monotonic_increasing

# %% [markdown]
# A few mu are worth much or nothing: it depends on whether some project or exchange of projects just fits. From a few
# dozen mu on the price is a good guide. For a very large block it promises too much, because the best of the waiting
# projects are served first: the next mu is worth less than the last.
#
# ## The whole curve
#
# What if there were half as much land, or twice as much? Here the land is moved from nothing to twice what it is, and
# all else stays.

# %%
plan.plot_curve("land")

# %% [markdown]
# The slope of the curve is the price. It falls as land grows, and where the curve turns flat another thing is scarce:
# here the energy, or there are no more projects.
#
# ## In which city?
#
# The same for the eight cities with most projects: how far apart are their prices?


# %%
largest = everything["region"].value_counts().index[:8]
plans = {city: allocate(bone(everything[everything["region"] == city]), gap=1e-3) for city in largest}
by_city = pd.DataFrame({city: one.prices.set_index("pool")["price"] for city, one in plans.items()}).T
by_city = by_city.sort_values("land")
with canvas(9.5, 5.0) as figure:
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, resource, unit in ((left, "land", "mu"), (right, "energy", "tce")):
        axes.barh(by_city.index, by_city[resource])
        axes.set_xlabel(f"price of {resource} (points per {unit})")
figure

# %%
dear, cheap = by_city["land"].idxmax(), by_city["land"].idxmin()
times = by_city["land"].max() / by_city["land"].min()
print(f"A mu is worth {times:.1f} times as much in {dear} as in {cheap}.")
pooled = allocate(bone(everything[everything["region"].isin(largest)]), gap=1e-3)
apart = sum(one.objective for one in plans.values())
print(f"One pool for all eight, instead of one for each, secures {pooled.objective / apart - 1:.1%} more.")
assert pooled.objective > apart

# %% [markdown]
# Where prices differ, land in the wrong place costs points: moving a mu from the cheap city to the dear one gains the
# difference. One pool for all finds these exchanges by itself. That is the reason for letting quota follow projects.
#
# ## Exercises
#
# 1. What are 1,000 tce of energy worth in this city, by the price and solved again?
# 2. Give twice the land and ask for the prices again. Which pool is scarce now?
# 3. If a mu costs 100 points to provide, how much land should the city buy? The table of blocks holds the answer; the
#    picture shows why.
#
# **练习：** 一、多给1000吨标准煤能耗，按价格和重新求解各值多少？二、用地加倍后价格如何变化，此时什么最紧缺？三、
# 若提供一亩的代价是100分，应增加多少？表中已有答案，图说明原因。答案在下面折叠的单元格中。

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 1
plan.block_value({"energy": 1000}, gap=0)[["block", "unit", "gained", "price_times_block"]]

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 2
twice = case.with_changes(pools=lambda pools: pools.assign(amount=pools["amount"] * (pools["pool"] == "land").add(1)))
allocate(twice, gap=0).prices[["pool", "price", "used", "available"]]

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 3: as much as where the next block no longer gains 100 a mu: the largest gain after the cost, among the blocks tried.
net = gains.set_index("block")["gained"] - 100 * gains["block"].to_numpy()
print(f"about {net.idxmax()} mu, which leaves {net.max():,.0f} points after the cost")
