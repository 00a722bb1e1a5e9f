using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using Fleet.Cli;
using Fleet.Cli.Help;
using Fleet.Tests.House;

namespace Fleet.Tests.Cli;

/// <summary>The help of each command, its examples, and the list of commands in docs/cli.md.</summary>
public sealed class CommandHelpTests
{
    private const string Begin = "<!-- commands: a test keeps this list -->";
    private const string End = "<!-- end of commands -->";
    private const int Width = 120;

    private static readonly string[] Global =
        ["--server", "--output", "--color", "--profile", "--key-file", "--help", "--version"];

    [Fact]
    public void Examples_OfEachCommand_Parse()
    {
        var root = Commands.Root(new CommandContext(TimeProvider.System));
        Assert.Equal(FleetCommand.All().Order(StringComparer.Ordinal), Examples.Commands.Order(StringComparer.Ordinal));
        foreach (var command in Examples.Commands)
        {
            foreach (var example in Examples.Of(command))
            {
                var line = example.Split(" | xargs ")[^1].Replace("source <(", "", StringComparison.Ordinal).TrimEnd(')');
                if (example.Contains("| xargs", StringComparison.Ordinal))
                    line += " 0198c0de-7a3b-7c4d-8e5f-0123456789ab";
                var parsed = CommandLineParser.Parse(root, Words(line));

                Assert.True(parsed.Errors.Count == 0, $"{example}: {string.Join(' ', parsed.Errors)}");
                Assert.Equal(command, string.Join(' ', Names(parsed.CommandResult.Command)));
            }
        }
    }

    [Fact]
    public async Task Help_OptionalArguments_AreInBrackets()
    {
        var (_, group, _) = await FleetCommand.RunAsync("run", "--help");
        var (_, list, _) = await FleetCommand.RunAsync("run", "list", "--help");

        Assert.Contains("  list [<QUERY>] ", group, StringComparison.Ordinal);
        Assert.Contains("  get <ID> ", group, StringComparison.Ordinal);
        Assert.Contains(" run list [<QUERY>...] [options]", list, StringComparison.Ordinal);
        Assert.Contains("Examples:\n  fleet run list state:failed since:1h\n", list, StringComparison.Ordinal);
    }

    [Fact]
    public void Docs_ListTheCommands()
    {
        var path = Path.Combine(Repository.Root, "docs/cli.md");
        var text = File.ReadAllText(path);
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        Assert.True(begin >= 0 && end > begin, "docs/cli.md has no place for the list.");
        var expected = $"{Begin}\n\n```text\n{List()}```\n\n";
        if (text[begin..end] == expected)
            return;
        var received = Path.Combine(Repository.Root, "docs/cli.received.md");
        File.WriteAllText(received, text[..begin] + expected + text[end..]);
        Assert.Fail("The list of commands in docs/cli.md is not that of the program. Take it over: mv docs/cli.received.md docs/cli.md");
    }

    /// <summary>For each command: how it is called, what it does, and its own options.</summary>
    private static string List()
    {
        var list = new StringBuilder();
        foreach (var command in Leaves(Commands.Root(new CommandContext(TimeProvider.System))))
        {
            var arguments = command.Arguments.Select(a =>
            {
                var name = (a.HelpName ?? a.Name) + (a.Arity.MaximumNumberOfValues > 1 ? " …" : "");
                return a.Arity.MinimumNumberOfValues == 0 ? $" [{name}]" : $" {name}";
            });
            list.Append("fleet ").Append(string.Join(' ', Names(command))).Append(string.Concat(arguments)).Append('\n');
            Wrap(list, command.Description!.Split(' '));
            var options = command.Options.Where(o => !o.Hidden && !Global.Contains(o.Name, StringComparer.Ordinal)).Select(o =>
            {
                var name = string.Join(", ", o.Aliases.Prepend(o.Name));
                var value = o.ValueType == typeof(bool) ? "" : $" {o.HelpName ?? "VALUE"}";
                return o.Required ? name + value : $"[{name}{value}]";
            }).ToArray();
            if (options.Length > 0)
                Wrap(list, options);
            list.Append('\n');
        }

        return list.ToString().TrimEnd() + "\n";
    }

    private static void Wrap(StringBuilder list, IEnumerable<string> parts)
    {
        var line = new StringBuilder("   ");
        foreach (var part in parts)
        {
            if (line.Length + part.Length + 1 > Width)
            {
                list.Append(line).Append('\n');
                line.Clear().Append("   ");
            }

            line.Append(' ').Append(part);
        }

        list.Append(line).Append('\n');
    }

    private static IEnumerable<Command> Leaves(Command command) =>
        command.Subcommands.Count == 0 ? [command] : command.Subcommands.SelectMany(Leaves);

    private static List<string> Names(Command command)
    {
        var names = new List<string>();
        for (var at = command; at is not (null or RootCommand); at = at.Parents.OfType<Command>().FirstOrDefault())
            names.Insert(0, at.Name);
        return names;
    }

    /// <summary>The words of a line, as a shell has them.</summary>
    private static string[] Words(string line)
    {
        var words = new List<string>();
        var (word, isQuoted) = (new StringBuilder(), false);
        foreach (var c in line)
        {
            if (c == '\'')
                isQuoted = !isQuoted;
            else if (c == ' ' && !isQuoted)
            {
                words.Add(word.ToString());
                word.Clear();
            }
            else
                word.Append(c);
        }

        words.Add(word.ToString());
        return [.. words.Skip(1)];
    }
}
