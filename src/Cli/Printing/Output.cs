using System.Text;
using System.Text.Json;

namespace Fleet.Cli.Printing;

/// <summary>Prints the result of a command in the format that was asked for. Standard output carries data only; remarks go to standard
/// error. A command prints once, when it has everything: a command that fails leaves standard output empty.</summary>
/// <param name="format">What <c>-o</c> says.</param>
/// <param name="terminal">Where it goes.</param>
/// <param name="time">For "12s ago".</param>
public class Output(OutputFormat format, Terminal terminal, TimeProvider time)
{
    /// <summary>What <c>-o</c> says.</summary>
    public OutputFormat Format { get; } = format;

    /// <summary>Where it goes.</summary>
    public Terminal Terminal { get; } = terminal;

    /// <summary>True for text that people read: a table or tab-separated values.</summary>
    public bool IsText => Format is OutputFormat.Table or OutputFormat.Wide or OutputFormat.Tsv;

    protected TimeProvider Time { get; } = time;

    protected TextWriter Writer { get; } = Console.Out;

    /// <summary>Prints the answer about one thing.</summary>
    /// <param name="json">The answer.</param>
    /// <param name="id">The id of the thing, for <c>-o name</c>.</param>
    /// <param name="text">What people read, in one line.</param>
    public void Answer(JsonElement json, string id, string text) => Answer(json, id, () => Line(text));

    /// <summary>Prints the answer about one thing.</summary>
    /// <param name="json">The answer.</param>
    /// <param name="id">The id of the thing, for <c>-o name</c>.</param>
    /// <param name="show">Prints what people read.</param>
    public void Answer(JsonElement json, string id, Action show)
    {
        switch (Format)
        {
            case OutputFormat.Json:
                Screen.Json(json);
                break;
            case OutputFormat.Jsonl:
                Screen.JsonLine(json);
                break;
            case OutputFormat.Yaml:
                Writer.Write(Yaml.Write(json));
                break;
            case OutputFormat.Name:
                Line(id);
                break;
            default:
                show();
                break;
        }
    }

    /// <summary>Prints a line of text.</summary>
    public void Line(string text) => Writer.WriteLine(Plain.Lines(text));

    /// <summary>Prints the facts about one thing.</summary>
    public void Facts(Facts facts) => Lines(facts.Lines(Format == OutputFormat.Tsv, Terminal.HasColor));

    /// <summary>Prints a table that is a part of an answer for people.</summary>
    public void Table<T>(Listing<T> listing, IEnumerable<T> items) => Lines(TableLines(listing.Choose(null, IsWide), items));

    /// <summary>A remark for people on standard error.</summary>
    public static void Remark(string text) => Console.Error.WriteLine(Plain.Lines(text));

    protected bool IsWide => Format == OutputFormat.Wide;

    protected IEnumerable<string> TableLines<T>(IReadOnlyList<Column<T>> columns, IEnumerable<T> items)
    {
        var now = Time.GetUtcNow();
        var rows = items.Select(item => columns.Select(c => Plain.Line(
            Format == OutputFormat.Table && c.Short is { } shorter ? shorter(item, now) : c.Exact(item))).ToArray()).ToList();
        return Format == OutputFormat.Tsv
            ? rows.Select(row => string.Join('\t', row))
            : TextTable.Lines(
                [.. columns.Select(c => c.Name)], [.. columns.Select(c => c.Kind)], rows, IsWide ? null : Terminal.Width,
                Terminal.HasColor);
    }

    protected void Lines(IEnumerable<string> lines)
    {
        // Written at once: standard output is flushed after each call.
        var text = new StringBuilder();
        foreach (var line in lines)
            text.Append(line).Append('\n');
        Writer.Write(text);
    }
}

/// <summary>Prints a list in the format that was asked for.</summary>
public sealed class ListOutput<T>(
    OutputFormat format, Terminal terminal, TimeProvider time, Listing<T> listing, IReadOnlyList<Column<T>> columns)
    : Output(format, terminal, time)
{
    /// <summary>Prints all items.</summary>
    /// <param name="json">The array of the items, as the API shows them.</param>
    /// <param name="items">The same.</param>
    /// <param name="none">Said on standard error when there is none, such as <c>No runs.</c></param>
    public void Print(JsonElement json, IReadOnlyList<T> items, string none)
    {
        switch (Format)
        {
            case OutputFormat.Json:
                Screen.Json(json);
                break;
            case OutputFormat.Yaml:
                Writer.Write(Yaml.Write(json));
                break;
            case OutputFormat.Jsonl:
                Lines(json.EnumerateArray().Select(Screen.JsonText));
                break;
            case OutputFormat.Name:
                Lines(items.Select(item => Plain.Line(listing.Id(item))));
                break;
            default:
                if (items.Count == 0)
                    Remark(none);
                else
                    Lines(TableLines(columns, items));
                break;
        }
    }
}
