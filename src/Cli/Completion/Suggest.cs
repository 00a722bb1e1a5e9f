using System.CommandLine;
using System.Globalization;

namespace Fleet.Cli.Completion;

/// <summary><c>fleet "[suggest:POSITION]" "LINE"</c>: what may stand at a position of a command line, one per line. The scripts of
/// <c>fleet completion</c> ask it for live names.</summary>
public static class Suggest
{
    private const string Prefix = "[suggest";

    /// <summary>Whether the arguments ask for suggestions.</summary>
    public static bool IsAsked(string[] args) => args is [{ } first, ..] && first.StartsWith(Prefix, StringComparison.Ordinal)
        && first.EndsWith(']');

    /// <summary>Prints the suggestions. Says nothing about errors: it is called while a person types.</summary>
    public static async Task PrintAsync(CommandContext cli, RootCommand root, string[] args, CancellationToken ct)
    {
        var line = args.Length > 1 ? args[1] : "";
        if (args[0].Split(':') is [_, var text] && int.TryParse(text[..^1], CultureInfo.InvariantCulture, out var position)
            && position >= 0 && position < line.Length)
        {
            line = line[..position];
        }

        foreach (var word in await FindAsync(cli, root, line, ct))
            Console.Out.WriteLine(word);
    }

    private static async Task<IEnumerable<string>> FindAsync(CommandContext cli, RootCommand root, string line, CancellationToken ct)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).ToList();
        var current = line.EndsWith(' ') || words.Count == 0 ? "" : words[^1];
        if (current.Length > 0)
            words.RemoveAt(words.Count - 1);

        var nodes = CompletionTree.Of(root).ToDictionary(n => n.Path, StringComparer.Ordinal);
        var node = nodes[""];
        Option? open = null;
        foreach (var word in words)
        {
            if (open is not null)
                open = null;
            else if (word.StartsWith('-'))
                open = node.Options.FirstOrDefault(o => CompletionTree.NamesOf(o).Contains(word) && CompletionTree.TakesValue(o));
            else if (node.Commands.Contains(word))
                node = nodes[$"{node.Path} {word}".Trim()];
        }

        var parsed = root.Parse(words);
        IEnumerable<string> found;
        if (open is not null)
        {
            found = CompletionTree.ValuesOf(open);
            if (LiveNames.KindOf(node.Path, open.Name) is { } kind)
                found = found.Concat(await LiveNames.ReadAsync(cli, parsed, kind, ct));
        }
        else if (current.StartsWith('-'))
        {
            found = node.Options.SelectMany(CompletionTree.NamesOf);
        }
        else
        {
            found = node.Commands.Concat(node.Values);
            if (node.Argument is { } kind)
                found = found.Concat(await LiveNames.ReadAsync(cli, parsed, kind, ct));
        }

        return found.Where(word => word.StartsWith(current, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal);
    }
}
