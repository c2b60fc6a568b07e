"""A small case with a process as text, and what is wrong with it when one piece of text is another."""

from __future__ import annotations

from pathlib import Path

BASE = {
    "projects.csv": """id,region,county,tier,route,land (mu),energy (tce),value,registered,due
P1,North,Bay,A,file,50,6000,3,2020-01-06,2020-06-01
P2,South,Hill,B,approve,30,200,2,2020-01-07,2020-07-01
""",
    "pools.csv": """pool,resource,amount,unit
Land,land,90,mu
Energy,energy,9000,tce
""",
    "stages.csv": """stage,office,work (workday),after,customary_after,applies,prepare (day),elapsed (day),returns,refuses,limit (workday),deferrable,after_grant
filing,hall,1,,,,5,,0.1,,3,,no
energy,board,"lognormal(4, 0.6)",filing,,energy >= 1000,20,,0.3,0.02,20,route = file,no
permit,hall,2,filing,energy,,10,10,,,,no,no
mobilise,,,permit,,,,30,,,,,yes
""",  # noqa: E501
    "offices.csv": """office,level,region,reviewers,from,every (day),seats
board,province,,2,,,
hall,city,,1,,,
hall,city,North,2,,,
hall,city,North,3,2020-03-02,,
""",
    "problems.csv": """problem,mean,own (day),applies,blocks,hotline
road,0.2,exponential(60),land > 40,permit,no
loan,0.3,30,,,
""",
    "calendar.csv": """date,to,working,staff
2020-02-03,2020-02-07,,0.3
2020-02-10,2020-02-14,yes,0.6
""",
    "process.csv": """key,value
calendar,CN
entry,registered
hotline.staff,2
hotline.time,exponential(3)
hotline.rate,0.4
""",
}


def write(folder: Path, changes: list[list[str]] | None = None) -> Path:
    """The case with changes: [file, old text, new text]; [file] leaves the file out; no old text replaces it all."""
    folder.mkdir(exist_ok=True)
    texts = dict(BASE)
    for file, *words in changes or []:
        if not words:
            del texts[file]
            continue
        old, new = words
        assert old in texts.get(file, ""), (file, old)
        texts[file] = texts[file].replace(old, new, 1) if old else new
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")
    return folder
