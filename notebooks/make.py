"""Run the notebooks and write each `.ipynb` beside its source, with outputs: `python -m notebooks.make [NAME ...]`."""

from __future__ import annotations

import sys
from pathlib import Path

import jupytext
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

HERE = Path(__file__).parent
SECONDS = 300


def sources() -> list[Path]:
    """The notebooks as text, in their order."""
    return sorted(HERE.glob("[0-9]*.py"))


def run(source: Path) -> NotebookNode:
    """A notebook with its outputs, run by this interpreter whatever kernels are installed.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell fails.
    """
    notebook = jupytext.read(source)
    kernel = AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    client = NotebookClient(
        notebook, km=kernel, timeout=SECONDS, record_timing=False, resources={"metadata": {"path": str(HERE)}},
        extra_arguments=["--log-level=ERROR"],
    )  # fmt: skip
    return tidy(client.execute(cleanup_kc=True))


def tidy(notebook: NotebookNode) -> NotebookNode:
    """The same without what changes from one run to the next: ids of cells, versions."""
    notebook.nbformat_minor = 4  # the last without ids of cells
    for cell in notebook.cells:
        cell.pop("id", None)
    notebook.metadata.pop("language_info", None)
    return notebook


def main() -> None:
    """Remake those named, or all."""
    for source in [HERE / f"{Path(name).stem}.py" for name in sys.argv[1:]] or sources():
        jupytext.write(run(source), source.with_suffix(".ipynb"), fmt="ipynb")
        print(source.stem, flush=True)


if __name__ == "__main__":
    main()
