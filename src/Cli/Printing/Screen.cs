using System.Text.Encodings.Web;
using System.Text.Json;
using Fleet.Client;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Fleet.Cli.Printing;

/// <summary>Prints tables and JSON: coloured and fitted on a terminal, plain and of any width into a file or a pipe.</summary>
public static class Screen
{
    private static readonly JsonSerializerOptions Compact = new()
    {
        MaxDepth = ApiJson.MaxDepth,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
    private static readonly JsonSerializerOptions Indented = new(Compact) { WriteIndented = true };

    /// <summary>One line of text, as it is.</summary>
    public static void Line(string text) => Console.Out.WriteLine(Plain.Lines(text));

    /// <summary>JSON, indented.</summary>
    public static void Json(JsonElement json) => Console.Out.WriteLine(JsonSerializer.Serialize(json, Indented));

    /// <summary>JSON in one line, for streams of objects.</summary>
    public static void JsonLine(JsonElement json) => Console.Out.WriteLine(JsonText(json));

    /// <summary>JSON in one line, for a cell.</summary>
    public static string JsonText(JsonElement json) => JsonSerializer.Serialize(json, Compact);

    /// <summary>A table without rules, one line of text per cell.</summary>
    public static Table Table(params string[] columns)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var column in columns)
            table.AddColumn(
                new TableColumn(new Text(column, new Style(decoration: Decoration.Bold)))
                {
                    Padding = new Padding(0, 0, 2, 0),
                    NoWrap = true,
                });
        return table;
    }

    /// <summary>A cell with text that others wrote.</summary>
    public static Text Cell(string? text, Style? style = null) => new(Plain.Line(text), style) { Overflow = Overflow.Ellipsis };

    /// <summary>A state or status in its colour.</summary>
    public static Text State(string state) => Cell(state, StateStyle(state));

    /// <summary>The colour of a state or status.</summary>
    public static Style StateStyle(string state) => new(state switch
    {
        "succeeded" => Color.Green,
        "failed" => Color.Red,
        "running" => Color.Aqua,
        "canceled" or "paused" => Color.Yellow,
        "stopped" => Color.Grey,
        _ => Color.Default,
    });

    /// <summary>Prints a table or another shape.</summary>
    public static void Show(IRenderable what)
    {
        if (!Console.IsOutputRedirected)
        {
            AnsiConsole.Write(what);
            return;
        }

        // A file has no width: nothing is cut, and the padding at the end of lines goes.
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = 100_000;
        console.Write(what);
        foreach (var line in text.ToString().TrimEnd().ReplaceLineEndings("\n").Split('\n'))
            Console.Out.WriteLine(line.TrimEnd());
    }
}
