using System.CommandLine;
using System.CommandLine.Completions;

namespace Fleet.Cli.Completion;

/// <summary>A command as completion sees it.</summary>
/// <param name="Path">Its name with the groups before it; empty for the root.</param>
/// <param name="Commands">The commands of a group.</param>
/// <param name="Options">The names of its options, with those of the root.</param>
/// <param name="Values">The values of its first argument, when they are known.</param>
/// <param name="Argument">What its first argument names; null when that is nothing that the server knows.</param>
public sealed record CompletionNode(
    string Path, IReadOnlyList<string> Commands, IReadOnlyList<Option> Options, IReadOnlyList<string> Values, LiveKind? Argument);

/// <summary>The command line as completion sees it: the part that a script can hold.</summary>
public static class CompletionTree
{
    /// <summary>Every command, groups included.</summary>
    public static IReadOnlyList<CompletionNode> Of(RootCommand root)
    {
        List<CompletionNode> nodes = [];
        Add(root, "", []);
        return nodes;

        void Add(Command command, string path, IReadOnlyList<Option> inherited)
        {
            List<Option> options = [.. command.Options.Where(o => !o.Hidden), .. inherited];
            var commands = command.Subcommands.Where(c => !c.Hidden).ToList();
            var argument = command.Arguments.Count > 0 ? command.Arguments[0] : null;
            nodes.Add(new CompletionNode(
                path, [.. commands.Select(c => c.Name)], options, argument is null ? [] : Labels(argument),
                argument is null ? null : LiveNames.KindOf(path, argument.Name)));
            List<Option> passedOn = [.. options.Where(o => o.Recursive)];
            foreach (var child in commands)
                Add(child, $"{path} {child.Name}".Trim(), passedOn);
        }
    }

    /// <summary>The names of an option.</summary>
    public static IEnumerable<string> NamesOf(Option option) => option.Aliases.Prepend(option.Name);

    /// <summary>The values that an option takes, when they are known; empty otherwise.</summary>
    public static IReadOnlyList<string> ValuesOf(Option option) => option.ValueType == typeof(string) ? Labels(option) : [];

    /// <summary>Whether an option is followed by a value.</summary>
    public static bool TakesValue(Option option) => option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool);

    private static List<string> Labels(Symbol symbol) =>
        [.. symbol.GetCompletions(CompletionContext.Empty).Select(item => item.Label).Where(label => label.Length > 0)];
}
