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
# # 1 · A first plan: who gets the land when there is not enough?
#
# **第一个方案：用地不够时给谁？** 本节从六个项目、一百亩指标开始，求出总产出效益最大的分配方案，
# 与“按得分从高到低依次安排”对比，再看每个项目为何获得或未获得指标；最后在山东2020年样例（1020个合成项目）
# 上做同样的事。
#
# A city has 100 mu of land to give this year and six projects that ask for 260. Each project needs all its land or
# none of it. Which of them should be served?

# %%
import pandas as pd

from allocator import Case, allocate, load_sample

# %% [markdown]
# ## Six projects
#
# Two tables are enough: projects with what they ask for and what they are worth, and pools with what there is.
# `value` may be any measure of benefit; here it is points.

# %%
projects = pd.DataFrame({
    "id": ["A", "B", "C", "D", "E", "F"],
    "name": ["steel mill", "battery plant", "chip plant", "food park", "hospital", "warehouse"],
    "land": [70, 40, 40, 30, 20, 60],  # mu
    "value": [100, 80, 75, 50, 30, 45],  # points
})  # fmt: skip
pools = pd.DataFrame({"pool": ["city land"], "resource": ["land"], "amount": [100]})

case = Case.from_tables(projects=projects, pools=pools)
plan = allocate(case)
plan

# %% [markdown]
# The plan says of itself how good it is: `optimal` means proven, within the gap. Behind it stands a table with a row
# per project and the reason in words.

# %%
pd.set_option("display.max_colwidth", None)
plan.projects[["id", "name", "funded", "value", "reason"]]

# %% [markdown]
# ## The usual way, and what it leaves behind
#
# The usual way is to sort the list and to go down it: whoever still fits is served. yaosu reckons it beside every
# plan.

# %%
ranked = plan.baselines["rank_and_cut"]
sides = {"optimum": plan.projects, "rank and cut": ranked.projects}
pd.DataFrame({name: table.set_index("id")["funded"] for name, table in sides.items()})

# %%
worth = {name: table.loc[table["funded"], "value"].sum() for name, table in sides.items()}
used = {name: table.merge(projects[["id", "land"]]).query("funded")["land"].sum() for name, table in sides.items()}
for name in sides:
    print(f"{name}: {worth[name]:.0f} points from {used[name]:.0f} mu")
assert worth["optimum"] > worth["rank and cut"]

# %%
plan.plot_benefit()

# %% [markdown]
# The steel mill is worth most, so the ranking takes it first. But it uses most of the land, and what is left is too
# little for the two plants behind it. Three smaller projects together are worth more than it and its small neighbour.
# A ranking looks at projects one by one; the land is shared by all of them.
#
# ## Why not the steel mill?
#
# `explain` answers for one project, and checks its answer by solving once more with that project in the plan.

# %%
print(plan.explain("A"))

# %% [markdown]
# ## A whole province
#
# The sample `shandong-2020` has 1,020 projects (synthetic, with the published totals) that ask for land, energy and
# coal of many pools, and for money. A gap of 1 % is asked for, which takes a few seconds. A smaller gap takes longer
# and changes little.

# %%
province = load_sample("shandong-2020")
whole = allocate(province, gap=0.01)
whole

# %%
whole.plot_benefit()

# %%
secured = {name: side.projects.loc[side.projects["funded"], "value"].sum() for name, side in whole.baselines.items()}
best = whole.projects.loc[whole.projects["funded"], "value"].sum()
for name, value in secured.items():
    print(f"The plan secures {best / value - 1:.0%} more than {name.replace('_', ' ')}.")
print(f"No plan can be worth more than {whole.bound / whole.objective - 1:.2%} above this one.")
assert best > max(secured.values())

# %% [markdown]
# Every bar is a city. The marks are what the two usual ways secure there: going down the ranking, and giving each
# city its quota by formula. Some cities gain much and some little: the optimum is that of the province. Why a project
# waits stands in the table, here for three of them.

# %%
waiting = whole.projects.query("not funded").nlargest(3, "score")
waiting[["id", "score", "reason"]]

# %% [markdown]
# ## Exercises
#
# 1. The city finds 20 mu more. Who enters, and who leaves?
# 2. The hospital must be built (`decision` is `must`). What does that cost the others?
# 3. The projects also need 900, 500, 300, 150, 60 and 30 tce of energy, and there are 700. Add a column and a pool,
#    and look at who stays.
#
# The cells below are answers. They are folded: try first.
#
# **练习：** 一、增加20亩，谁进谁出？二、医院必须建设，代价是多少？三、再加一种要素（能耗，共700吨标准煤），
# 谁还在方案中？答案在下面折叠的单元格中。

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 1: the plan is made anew, so that a project may also leave.
more = allocate(case.with_changes(pools=lambda pools: pools.assign(amount=120)))
more.compare(plan).projects[["id", "name", "in_plan", "in_other", "outcome"]]

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 2: E is in the plan already, so nothing is lost; for F the same rule would be dear.
for name in ("E", "F"):
    must = allocate(case.with_changes(projects=projects.assign(decision=(projects["id"] == name).map({True: "must"}))))
    print(f"{name} must be served: {plan.objective - must.objective:.0f} points lost")

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 3: a resource is nothing but a column and a pool of that name.
both = Case.from_tables(
    projects=projects.assign(energy=[900, 500, 300, 150, 60, 30]),
    pools=pd.DataFrame({"pool": ["city land", "city energy"], "resource": ["land", "energy"], "amount": [100, 700]}),
)
allocate(both).projects[["id", "name", "funded", "reason"]]
