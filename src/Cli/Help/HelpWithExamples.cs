using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Fleet.Cli.Help;

/// <summary>The help of a command: optional arguments in brackets, and an example at the end.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => help.ClearsParseErrors;

    /// <summary>Gives it to every command.</summary>
    public static void UseIn(RootCommand root)
    {
        foreach (var option in root.Options.OfType<HelpOption>())
        {
            if (option.Action is HelpAction action)
                option.Action = new HelpWithExamples(action);
        }
    }

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var command = parseResult.CommandResult.Command;
        var optional = command.Subcommands.Append(command).SelectMany(c => c.Arguments).Where(a => a.Arity.MinimumNumberOfValues == 0)
            .Distinct().Select(a => (Argument: a, a.HelpName, Name: a.HelpName ?? a.Name)).ToList();
        // The library shows a name in a list of commands as if the argument were required. The mark has the width of what takes its place,
        // so that columns stay where they are.
        optional.ForEach(o => o.Argument.HelpName = $"[{o.Name}]");
        var (output, text) = (parseResult.InvocationConfiguration.Output, new StringWriter());
        parseResult.InvocationConfiguration.Output = text;
        try
        {
            help.Invoke(parseResult);
        }
        finally
        {
            parseResult.InvocationConfiguration.Output = output;
            optional.ForEach(o => o.Argument.HelpName = o.HelpName);
        }

        var written = text.ToString();
        foreach (var name in optional.Select(o => o.Name).Distinct(StringComparer.Ordinal))
        {
            written = written.Replace($"[<[{name}]>", $"[<{name}>", StringComparison.Ordinal)
                .Replace($"<[{name}]>", $"[<{name}>]", StringComparison.Ordinal);
        }

        output.Write(written.TrimEnd() + Environment.NewLine);
        var examples = Examples.Of(PathOf(command));
        if (examples.Count > 0)
        {
            output.WriteLine();
            output.WriteLine(examples.Count == 1 ? "Example:" : "Examples:");
            foreach (var example in examples)
                output.WriteLine($"  {example}");
        }

        return 0;
    }

    /// <summary>The name of a command with those of its groups, without the program's: <c>run list</c>.</summary>
    internal static string PathOf(Command command)
    {
        var names = new List<string>();
        for (var at = command; at is not (null or RootCommand); at = at.Parents.OfType<Command>().FirstOrDefault())
            names.Insert(0, at.Name);
        return string.Join(' ', names);
    }
}
