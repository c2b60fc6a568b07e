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
# # 4 · How does review speed move the start-rate curve?
#
# **审批提速如何改变开工率曲线？** 开工率曲线是到某日已开工项目占计划项目的比例。
# 本节先看一个项目从受理到开工的每一天，再让全部项目在 1倍、1.5倍、2倍和“无限快”的审查速度下各模拟若干次（随机数相同，
# 逐次配对比较），看曲线左移多少、为何即使审查不花时间也不能立刻开工，以及排队集中在哪里。
#
# Suppose every reviewer worked twice as fast. How many more projects would have started by the end of the year, and
# how many days sooner? And why not twice as soon?

# %%
import pandas as pd

from allocator import load_sample
from simulation import Process, Scenario, experiment, plot, seek, simulate
from simulation.way import way

case = load_sample("shandong-2020")
process = Process.of(case)
NEW = "started = blank"  # the projects that had not begun before 2020
print(len(process.stages), "stages,", len(process.offices), "offices,", len(process.problems), "kinds of problems")

# %% [markdown]
# ## One project, day by day
#
# `simulate` runs all 1,020 projects once: the draws of one replication. Every project needs papers, waits in queues,
# is reviewed, is sometimes sent back, and meets problems. We follow one, as it is and with reviewers twice as fast.
# Its luck is the same in both.

# %%
slow = simulate(case.projects, process, engine="fast")
fast = simulate(case.projects, process, Scenario(speed=2), engine="fast")
begun = slow.projects.merge(case.projects.query("started.isna() and route == 'approve'")[["id"]])
one = begun.sort_values("started")["id"].iloc[len(begun) * 9 // 10]  # one of the late ones
plot.gantt({"as it is": slow, "twice as fast": fast}, one)

# %%
days = pd.DataFrame({
    name: way(run, one).assign(days=lambda table: table["end"] - table["begin"]).groupby("kind")["days"].sum()
    for name, run in {"as it is": slow, "twice as fast": fast}.items()
}).fillna(0.0)  # fmt: skip
days.sort_values("as it is", ascending=False).round(1)

# %% [markdown]
# Only `review`, and `waiting` in queues, can become shorter by faster review. Papers, corrections, public notices and
# problems take the days they take. They overlap, so the sum is more than the time from entry to start.
#
# ## All projects
#
# One project is an anecdote. `experiment` runs every scenario several times; replication 1 has the same draws in all
# of them, so that differences are due to speed and to nothing else. The last scenario is a limit: reviews that take
# no time.

# %%
speeds = {f"speed {speed:g}": Scenario(speed=speed) for speed in (1, 1.5, 2)} | {"no time": Scenario(speed=1e9)}
runs = experiment(case.projects, process, speeds, replications=10, jobs=1, until="2022-12-31")
runs.plot(where=NEW, dates=["2020-12-31"])

# %%
saved = pd.DataFrame({
    name: runs.compare(name, "speed 1", where=NEW).summary.set_index("measure").loc["days_saved_80"]
    for name in speeds
}).T[["a", "b", "difference", "low", "high"]].astype(float)  # fmt: skip
saved.columns = ["day of 80 %", "day of 80 % as it is", "days saved", "low", "high"]
saved.round(1)

# %%
whole, day = saved["days saved"], saved["day of 80 %"]
print(f"Twice the speed brings 80 % forward by {whole['speed 2']:.0f} days, no time at all by {whole['no time']:.0f}.")
print(f"Even if reviews took no time, 80 % would not have started before day {day['no time']:.0f}.")
assert 0 == whole["speed 1"] < whole["speed 1.5"] < whole["speed 2"] < whole["no time"]

# %% [markdown]
# The first half of the projects hardly notices: they were close to their start. The late ones gain most, since they
# have the most reviews still before them. Each further step of speed gains less than the last, because what is left
# is not review. That is why review speed alone does not do it, and why the measures of 2020 worked on the order of
# reviews and on problems as well (notebook 5).
#
# ## Where do they wait?

# %%
stages = runs.bottlenecks("speed 1")
stages[["stage", "office", "visits", "mean_wait", "days_waiting", "share", "utilisation"]].head(6).round(2)

# %%
plot.waiting(runs, "speed 1", "speed 2")

# %%
waited = runs.bottlenecks().groupby("scenario")["days_waiting"].sum()
print(f"Twice the speed leaves {waited['speed 2'] / waited['speed 1']:.0%} of the project-days in queues.")
assert waited["speed 2"] < 0.5 * waited["speed 1"]

# %% [markdown]
# Queues shrink more than in proportion. The map shows where and when: a wave of applications after the holidays in
# February, that faster reviewers clear in weeks.
#
# ## How fast is enough?
#
# `seek` turns the question round: the least speed at which a share has started by a date.

# %%
print(seek(case.projects, process, by="2021-06-30", target=0.9, where=NEW, of="mean", low=1, high=4, tolerance=0.5,
           replications=4, jobs=1))  # fmt: skip

# %% [markdown]
# ## Exercises
#
# 1. Make only the county offices twice as fast (`speed={"county": 2}`). How much of the gain remains?
# 2. Which gains more at the same cost: 50 % more reviewers, or reviewers 50 % faster? Say first what you expect.
# 3. Can faster review make the curve lower on some day? Look at the difference, then read `docs/review-speed.md`.
#
# **练习：** 一、只让县级审批加快一倍，还剩多少效果？二、人员增加一半与速度提高一半，哪个更有效？先猜再算。三、
# 提速会不会使某一天的开工率反而降低？看差值图，再读 `docs/review-speed.md`。答案在下面折叠的单元格中。

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 1 and 2: more reviewers shorten queues, faster ones queues and reviews.
tried = {"as it is": Scenario(), "counties": Scenario(speed={"county": 2}), "all": Scenario(speed=2),
         "more": Scenario(reviewers=1.5), "faster": Scenario(speed=1.5)}  # fmt: skip
answer = experiment(case.projects, process, tried, replications=4, jobs=1, until="2022-12-31")
plot.effects(answer, where=NEW)

# %% jupyter={"source_hidden": true, "outputs_hidden": true}
# 3
runs.compare("speed 2", "speed 1", where=NEW).plot()
