using System.CommandLine;
using Fleet.Cli;
using Fleet.Tests.Support;

namespace Fleet.Tests.Cli;

/// <summary>Runs a command of <c>fleet</c> in the process of the tests, which takes milliseconds. Its output counts as redirected or not
/// as that of the tests does, so a test that looks at text says <c>-o</c>.</summary>
internal static class FleetCommand
{
    /// <summary>Every command that does something, by its full name: <c>run list</c>.</summary>
    public static IEnumerable<string> All() => Leaves(Commands.Root(new CommandContext(TimeProvider.System)), "");

    /// <summary>Runs a command to its end.</summary>
    public static Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args) =>
        RunAsync(new CommandContext(TimeProvider.System), args);

    /// <inheritdoc cref="RunAsync(string[])"/>
    public static Task<(int ExitCode, string Output, string Error)> RunAsync(CommandContext cli, params string[] args) =>
        RoutedConsole.RunAsync(() => CommandLine.InvokeAsync(cli, args));

    private static IEnumerable<string> Leaves(Command command, string path) => command.Subcommands.Count == 0
        ? [path]
        : command.Subcommands.SelectMany(c => Leaves(c, $"{path} {c.Name}".Trim()));
}
