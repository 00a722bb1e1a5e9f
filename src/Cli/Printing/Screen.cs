using System.Text.Encodings.Web;
using System.Text.Json;
using Fleet.Client;
using Spectre.Console;

namespace Fleet.Cli.Printing;

/// <summary>Prints lines of text and JSON.</summary>
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
}
