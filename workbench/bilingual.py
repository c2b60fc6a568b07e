"""Click commands that speak English and Chinese: their help, usage and errors are words of ``words/cli.toml``."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import click
from rich.cells import cell_len

from allocator.errors import Infeasible, InputError, YaosuError
from allocator.labels import Lang, label, words
from workbench.faults import show

DONE, NO, BAD, BROKEN, INTERRUPTED = 0, 1, 2, 70, 130
"""Exit codes: done, the answer is no, the input is bad, a fault of the program itself, interrupted."""


def language(args: Sequence[str], environ: Mapping[str, str]) -> Lang:
    """The language asked for: ``--lang``, else ``YAOSU_LANG``, else the locale, else English.

    Found before anything is parsed, so that faults of the command line itself are told in it.

    >>> language(["check", "case.xlsx", "--lang", "en"], {"LANG": "zh_CN.UTF-8"})
    'en'
    >>> language(["check", "case.xlsx"], {"LC_ALL": "", "LANG": "zh_CN.UTF-8"})
    'zh'
    """
    asked = [after for option, after in zip(args, args[1:], strict=False) if option == "--lang"]
    asked += [arg.removeprefix("--lang=") for arg in args if arg.startswith("--lang=")]
    asked += [environ.get("YAOSU_LANG", "")]
    stated = next((word for word in asked if word in ("zh", "en")), "")
    locale = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return "zh" if (stated or locale.lower()).startswith("zh") else "en"


def nearest(found: str, known: Iterable[str]) -> str:
    """The word nearest to one that is not known.

    >>> nearest("--gpa", ["--gap", "--out"])
    '--gap'
    """
    return next(iter(difflib.get_close_matches(found, list(known), n=1, cutoff=0.0)), "")


class Option(click.Option):
    """An option whose help is the words ``cli.option.<name>`` and whose metavar is ``cli.metavar.<metavar>``."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """Names with the metavar, and the help with the default put in."""
        metavar = "" if self.is_flag else " " + self.make_metavar(ctx)
        return ", ".join(self.opts) + metavar, label(f"cli.option.{self.name}", ctx.obj, default=self.default)

    def make_metavar(self, ctx: click.Context) -> str:
        """The kind of value, or the values to choose from."""
        if isinstance(self.type, click.Choice):
            return "|".join(self.type.choices)
        return label(f"cli.metavar.{self.metavar}", ctx.obj)

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """The value as its type; what does not fit is told with what would."""
        try:
            cast = super().type_cast_value(ctx, value)
        except click.BadParameter:
            raise self._refused(value) from None
        if cast != cast:
            raise self._refused(value)
        return cast

    def _refused(self, value: Any) -> YaosuError:
        kind, values = self.type, {"found": str(value), "option": max(self.opts, key=len)}
        if isinstance(kind, click.Choice):
            near = nearest(str(value), kind.choices)
            return YaosuError("choice_unknown", values | {"expected": ", ".join(kind.choices), "nearest": near})
        assert isinstance(kind, click.IntRange | click.FloatRange)
        code = (
            "whole_least" if isinstance(kind, click.IntRange) else "number_above" if kind.min_open else "number_least"
        )
        return YaosuError(code, values | {"expected": f"{kind.min:g}"})


class Argument(click.Argument):
    """An argument whose name is the words ``cli.metavar.<name>`` and whose help is ``cli.argument.<name>``."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """Name and help."""
        return self.make_metavar(ctx), label(f"cli.argument.{self.name}", ctx.obj)

    def make_metavar(self, ctx: click.Context) -> str:
        """The name as it stands in the usage line."""
        return label(f"cli.metavar.{self.name}", ctx.obj)

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """The value as its type; what is no whole number is told."""
        try:
            return super().type_cast_value(ctx, value)
        except click.BadParameter:
            assert isinstance(self.type, click.IntRange)
            what = label(f"cli.argument.{self.name}", ctx.obj)
            values = {"found": str(value), "what": what, "expected": f"{self.type.min:g}"}
            raise YaosuError("argument_whole", values) from None


def _show_help(ctx: click.Context, param: click.Parameter, asked: bool) -> None:
    if asked:
        click.echo(ctx.get_help())
        ctx.exit()


HELP = Option(["--help", "-h"], is_flag=True, is_eager=True, expose_value=False, callback=_show_help)
LANG = Option(["--lang"], type=click.Choice(["zh", "en"]), expose_value=False)


class Command(click.Command):
    """A command whose help is the words ``cli.command.<name>`` and, where there are any, ``cli.more.<name>``."""

    allow_extra_args = True

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own, and the language and help that every command has."""
        return [*self.params, LANG, HELP]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; what is wrong with the arguments knows its command, so that it can be told."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = ctx
            raise

    def get_help(self, ctx: click.Context) -> str:
        """Usage, what it does, and its commands, arguments and options."""
        told = [self.get_usage(ctx), "", label(f"cli.command.{self.name}", ctx.obj)]
        if f"cli.more.{self.name}" in words():
            told += ["", label(f"cli.more.{self.name}", ctx.obj)]
        params = self.get_params(ctx)
        parts = {
            "commands": self.listed(ctx),
            "arguments": [param.get_help_record(ctx) for param in params if isinstance(param, Argument)],
            "options": [param.get_help_record(ctx) for param in params if isinstance(param, Option)],
        }
        width = max(cell_len(first) for rows in parts.values() for first, _ in rows)
        for part, rows in parts.items():
            if rows:
                lines = [f"  {first}{' ' * (width - cell_len(first))}  {said}" for first, said in rows]
                told += ["", label(f"cli.help.{part}", ctx.obj), *lines]
        return "\n".join(told)

    def get_usage(self, ctx: click.Context) -> str:
        """The usage line."""
        pieces = [param.make_metavar(ctx) for param in self.params if isinstance(param, Argument)]
        pieces += [label("cli.metavar.command", ctx.obj)] if self.listed(ctx) else []
        pieces += [label("cli.metavar.options", ctx.obj)]
        return label("cli.help.usage", ctx.obj, usage=" ".join([ctx.command_path, *pieces]))

    def listed(self, ctx: click.Context) -> list[tuple[str, str]]:
        """Commands of a group with what they do."""
        return []

    def invoke(self, ctx: click.Context) -> Any:
        """Refuse arguments too many, then run."""
        if ctx.args:
            raise YaosuError("argument_extra", {"found": " ".join(ctx.args)})
        return super().invoke(ctx)


class Program(Command, click.Group):
    """The commands under one name; errors are told in one language, and end with the exit codes of the design."""

    command_class = Command

    def listed(self, ctx: click.Context) -> list[tuple[str, str]]:
        """Commands in the order of their making, with what they do."""
        return [(name, label(f"cli.command.{one.name}", ctx.obj)) for name, one in self.commands.items()]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command named, or the nearest name."""
        if args[0].startswith("-") and not {"--help", "-h"} & set(args):
            raise click.UsageError("", ctx)
        if args[0] not in self.commands and not args[0].startswith("-"):
            raise YaosuError("command_unknown", {"found": args[0], "nearest": nearest(args[0], self.commands)})
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command named; what follows it is that command's to check."""
        return click.Group.invoke(self, ctx)

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> NoReturn:  # type: ignore[override]
        """Run, tell what went wrong, and exit."""
        given = list(sys.argv[1:] if args is None else args)
        lang = language(given, os.environ)
        try:
            code = super().main(given or ["--help"], self.name, standalone_mode=False, obj=lang, **extra)
        except click.exceptions.Abort:
            code = _tell(label("cli.interrupted", lang), INTERRUPTED)
        except InputError as error:
            show(error.faults, lang, err=True)
            code = BAD
        except YaosuError as error:
            code = _tell(error.text(lang), NO if isinstance(error, Infeasible) else BAD)
        except click.UsageError as error:
            code = _tell(_usage(error, lang), BAD)
        except OSError as error:
            values = {"found": str(error.filename or ""), "reason": error.strerror or str(error)}
            code = _tell(label("error.cannot_use", lang, **values), BAD)
        except Exception as error:
            if os.environ.get("YAOSU_DEBUG"):
                raise
            code = _tell(label("cli.internal", lang, text=f"{type(error).__name__}: {error}"), BROKEN)
        sys.exit(code or DONE)


def _tell(text: str, code: int) -> int:
    click.echo(text, err=True)
    return code


def _usage(error: click.UsageError, lang: Lang) -> str:
    """What is wrong with a command line, in words of ours."""
    ctx = error.ctx
    assert ctx is not None
    params = ctx.command.get_params(ctx)
    if isinstance(error, click.NoSuchOption):
        near = nearest(error.option_name, [name for param in params for name in param.opts])
        return label("error.option_unknown", lang, found=error.option_name, nearest=near)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        missing, command = error.param.make_metavar(ctx), ctx.command_path
        missing = f"{error.param.opts[0]} {missing}" if isinstance(error.param, Option) else missing
        return label("error.argument_missing", lang, found=missing, command=command)
    if isinstance(error, click.BadOptionUsage):
        flags = [name for param in params if getattr(param, "is_flag", False) for name in param.opts]
        code = "value_extra" if error.option_name in flags else "value_missing"
        return label(f"error.{code}", lang, found=error.option_name)
    return label("error.command_missing", lang, command=ctx.command_path)


def option(*names: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An option in both languages."""
    return click.option(*names, cls=Option, **settings)


def argument(name: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An argument in both languages."""
    return click.argument(name, cls=Argument, **settings)
