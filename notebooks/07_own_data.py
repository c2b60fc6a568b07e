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
# # 7 · How do I bring my own projects and my own process?
#
# **如何用自己的项目和流程？** 本节用英国可再生能源规划数据库（2021年6月，真实数据）演示：一张普通的表怎样变成案例，
# 写错的地方怎样一次全部指出；怎样从历史天数得到环节用时的分布并检验；怎样用几行写出自己的流程、办公室和日历，
# 模拟提速的效果；最后把全部内容存成一个工作簿。指标数量和接网环节用时为假设。
#
# Nothing in yaosu knows Shandong. Here are 602 real projects of Great Britain that had planning permission and no
# recorded start on 30 June 2021, and a process written in a few lines. Whatever you have in its place, this is the
# way.
#
# Contains public sector information licensed under the Open Government Licence v3.0 (Renewable Energy Planning
# Database, June 2021). How much grid there is, and how long its studies take, is assumed.

# %%
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from allocator import Case, InputError, allocate, load_sample
from allocator.plotstyle import canvas
from simulation import Office, Process, Scenario, Stage, empirical, experiment, lognormal

# %% [markdown]
# ## A table as people have it
#
# Headers may carry units and may be in English or Chinese. A mistake is no traceback: all of them are listed at once,
# with the place, what was found and what is expected.

# %%
mine = pd.read_csv(io.StringIO("""id,region,land(ha),value,decision
N1,North,12,30,
N2,North,4 fields,25,
N2,South,8,many,must
S1,South,6,18,perhaps
"""), dtype=str)  # fmt: skip
pools = pd.DataFrame({"pool": ["land"], "resource": ["land"], "amount": [300]})
try:
    Case.from_tables(projects=mine, pools=pools)
except InputError as error:
    print(error)

# %% [markdown]
# ## Real projects, and a plan
#
# Now the real ones. Of each we keep its region, technology, capacity and the yearly output that can be expected. Each
# region can connect 40 % of what is asked for there (assumed). The resource is called `capacity`, since the column is
# called so: nothing more is needed for a resource that yaosu has never heard of.

# %%
census = load_sample("gb-grid-2021").projects
projects = census[["id", "name", "region", "field", "capacity", "output_gwh", "registered", "granted", "enters"]]
grid = (projects.groupby("region")["capacity"].sum() * 0.4).round().rename("amount").reset_index()
grid = grid.assign(pool=grid["region"] + " grid", resource="capacity", unit="MW", level="city")
case = Case.from_tables(projects=projects, pools=grid, policy={"value": "output_gwh"}, name="my-grid")
plan = allocate(case, gap=1e-3)
plan

# %%
plan.plot_benefit(by="field")

# %% [markdown]
# Storage gets next to nothing here: it yields no energy of its own, and energy is what we have said a project is
# worth. What a plan maximises is a choice, and this picture is the place to notice it. The sample `gb-grid-2021`
# gives storage a floor of its own; notebook 8 shows how.
#
# ## From days seen to a distribution
#
# How long does a permission take? The database has the day of each application and of each permission.

# %%
days = (projects["granted"] - projects["registered"]).dt.days.rename("days")
seen = days.groupby(projects["field"]).agg(["count", "median", "mean", "std", "max"])
seen.round(0)

# %%
fitted = {field: lognormal(row["mean"], row["std"] / row["mean"]) for field, row in seen.iterrows()}
shares = np.linspace(0.005, 0.995, 199)
with canvas(9.5, 4.2) as figure:
    axes = figure.subplots()
    for field, colour in (("solar", "tab:orange"), ("wind", "tab:blue")):
        axes.ecdf(days[(projects["field"] == field) & days.notna()], color=colour, label=f"{field}, seen")
        axes.plot(fitted[field].ppf(shares), shares, "--", color=colour, label=f"{field}, lognormal")
    axes.set_xlim(0, 2500)
    axes.set_xlabel("days from application to permission")
    axes.set_ylabel("share of the projects")
    axes.legend(frameon=False)
figure


# %%
def apart(field):
    """The largest distance between the shares seen and those of the lognormal (Kolmogorov and Smirnov)."""
    known = np.sort(days[(projects["field"] == field) & days.notna()].to_numpy(dtype=float))
    drawn = np.sort(fitted[field].ppf((np.arange(100_000) + 0.5) / 100_000))
    expected = np.searchsorted(drawn, known, side="right") / len(drawn)
    return np.abs(expected - np.arange(1, len(known) + 1) / len(known)).max()


far = {field: apart(field) for field in ("solar", "wind")}
print(", ".join(f"{field}: {distance:.2f} apart at most" for field, distance in far.items()))
assert far["wind"] < far["solar"]

# %% [markdown]
# For wind the lognormal does well. For solar it does less well: hardly any permission comes in the first weeks, then
# many come at once. Where there are enough cases, take the days as they are: `empirical(days)`. Only mind who is in
# the table: here those that were granted and not yet built. The refused are not in it, and of the recent ones only
# the quick.
#
# ## A process of one's own
#
# A stage has an office or only takes time. An office has reviewers at each desk; `level="city"` means one desk in
# each region. We write the way from permission to start: a study by the network operator, an offer, money,
# mobilisation. Then we ask how much sooner they would start with faster studies or more engineers.

# %%
process = Process(
    [
        Stage("study", office="network operator", work=lognormal(6, 0.5), prepare=lognormal(20, 0.5),
              returns=0.15, withdraws=0.02, correction=lognormal(15, 0.5), limit=65),
        Stage("offer", office="network operator", work=lognormal(2, 0.5), after="study", elapsed=30),
        Stage("money", prepare=lognormal(90, 0.6), after="offer"),
        Stage("mobilisation", prepare=lognormal(45, 0.5), after_grant=True),
    ],
    [
        Office("network operator", level="city", reviewers=1),
        Office("network operator", level="city", region="Scotland", reviewers=3),
    ],
    calendar="GB", origin="2021-07-01", entry="enters",
)  # fmt: skip
more = {"network operator": 2, "network operator/Scotland": 4}
levers = {
    "as it is": Scenario(),
    "1.5 times as fast": Scenario(speed=1.5),
    "one more engineer each": Scenario(reviewers=more),
}
runs = experiment(projects, process, levers, replications=20, jobs=1)
runs.plot(dates=["2022-12-31"])

# %%
regions = runs.started("2022-12-31", by="region").pivot(index="group", columns="scenario", values="mean")
regions["projects"] = projects["region"].value_counts()
regions.sort_values("projects", ascending=False).round(2)

# %%
early = runs.started("2022-12-31").set_index("scenario")["mean"]
print("Started by the end of 2022: " + ", ".join(f"{share:.0%} {name}" for name, share in early.items()))
assert early["one more engineer each"] > early["as it is"]

# %% [markdown]
# The queues are where the projects are: in the regions with many applications and one desk. A region with few
# projects gains nothing from one more engineer. `simulation.marginal` asks for each desk what one more reviewer there
# is worth.
#
# ## All in one workbook
#
# Case and process go into one file that others can open and change: the same sheets that `yaosu new` writes as a
# template.

# %%
whole = case.with_changes(**process.tables())
with TemporaryDirectory() as folder:
    path = whole.write(Path(folder) / "my-grid.xlsx")
    again = Case.read(path)
    print(f"{path.name}, {path.stat().st_size / 1000:.0f} kB:", again)
assert again.hash == whole.hash and len(Process.of(again).stages) == len(process.stages)

# %% [markdown]
# On the command line it is a case like any other: `yaosu check my-grid.xlsx`, `yaosu allocate my-grid.xlsx`, `yaosu
# simulate my-grid.xlsx`.
#
# ## Exercises
#
# 1. Correct the table at the top so that it becomes a case, and allocate it.
# 2. Put the permission before the study: a stage that takes as long as was seen, by technology. Enter on the day of
#    the application, and hold the simulated permissions against the real ones.
# 3. In which region is one more engineer worth most?
#
# **练习：** 一、改正开头的表，使之成为案例并求解。二、在接网研究之前加上规划许可环节（用时取自历史数据，
# 按技术类型），以申请日为进入日，将模拟的许可进度与实际对照。三、哪个地区增加一名工程师最有价值？
# 答案在下面折叠的单元格中。

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 1
right = mine.assign(id=["N1", "N2", "N3", "S1"], value=[30, 25, 20, 18], decision=[None, None, "must", None])
right["land(ha)"] = [12, 4, 8, 6]
allocate(Case.from_tables(projects=right, pools=pools)).projects[["id", "funded", "reason"]]

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 2: one stage for each technology. In such a process a project has "started" when it is permitted.
kept = days.dropna().groupby(projects["field"])
permits = Process(
    [Stage(field, elapsed=empirical(part), applies=f"field = {field}") for field, part in kept],
    origin=str(projects["registered"].min().date()), entry="registered",
)  # fmt: skip
dated = projects[projects["registered"].notna()]
permitted = experiment(dated, permits, {"model": Scenario()}, replications=20, jobs=1).curve(which="replications")
real = (dated["granted"] - dated["registered"].min()).dt.days
with canvas(9.5, 4) as figure:
    axes = figure.subplots()
    axes.fill_between(permitted["time"], permitted["low"], permitted["high"], alpha=0.4, label="simulated")
    axes.ecdf(real, color="black", label="real")
    axes.set_xlabel("days since the first application")
    axes.legend(frameon=False)
figure

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 3
desk = "network operator"
one_more = {
    region: Scenario(reviewers={f"{desk}/{region}": 4 if region == "Scotland" else 2}) for region in regions.index
}
tried = experiment(projects, process, {"as it is": Scenario()} | one_more, replications=5, jobs=1)
gain = tried.started("2022-12-31").set_index("scenario")["mean"]
(gain - gain["as it is"]).sort_values(ascending=False).mul(100).round(2)
