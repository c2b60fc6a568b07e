"""A small case as text, and what is wrong with it when one piece of text is another."""

from __future__ import annotations

from pathlib import Path

BASE = {
    "projects.csv": """id,name,region,field,tier,kind,investment (mcny),plan (mcny),land (mu),energy (tce),capital,registered,decision,requires,excludes,bond,phases,earliest,tax
P1,Battery,North,industry,A,enterprise,200,100,50,100,80,2020-01-05,must,,,no,,,10
P2,School,North,public,B,government,100,40,30,0,31,2020-02-05,free,,,yes,,,5
P3,Port,South,industry,A,enterprise,300,90,40,200,90,2020-03-05,,,,no,,,12
""",  # noqa: E501
    "variants.csv": """project,variant,land,investment
P3,smaller,20,150
""",
    "pools.csv": """pool,resource,amount,level,region,period,unit,advance
North land,land,90,city,North,2020Q1,mu,0.2
South land,land,60,city,South,2020Q1,mu,
Energy,energy,250,province,,,tce,
""",
    "funds.csv": """fund,instrument,capacity (mcny),rate,term,kinds,as_capital
Bond,bond,500,3%,10,,no
""",
    "indicators.csv": """indicator,numerator,denominator,direction,weight,benchmark,cap,missing
tax per mu,tax,land,max,0.6,0.2,1.5,refuse
tax,tax,,max,0.4,10,1.2,refuse
""",
    "grants.csv": """project,resource,pool,period,amount,granted
P1,land,North land,2020Q1,50,2020-01-10
P1,energy,Energy,2020Q1,100,2020-01-10
""",
    "policy.toml": """value = "score*plan"
periods = ["2020Q1"]
[match]
land = 0.6
[capital_ratio]
by = "field"
default = 0.2
[[floors]]
name = "public land"
measure = "land"
by = "field"
of = ["public"]
limit = 20
""",
}  # fmt: skip


def write(folder: Path, changes: list[list[str]]) -> Path:
    """The case with changes: [file, old text, new text]; [file] leaves the file out; no old text replaces it all."""
    folder.mkdir(exist_ok=True)
    texts = dict(BASE)
    for file, *words in changes:
        if not words:
            del texts[file]
            continue
        old, new = words
        assert old in texts[file], (file, old)
        texts[file] = texts[file].replace(old, new, 1) if old else new
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")
    return folder
