using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Fleet.Cli.Schedules;

/// <summary>A schedule as a file declares it: the body of its PUT, and where it stands.</summary>
/// <param name="Id">The schedule.</param>
/// <param name="Body">All that the file says of it but the id.</param>
/// <param name="Place">File and line, for errors.</param>
public sealed record DeclaredSchedule(string Id, JsonObject Body, string Place);

/// <summary>Reads schedules from YAML: one in each document, or many in a list.</summary>
public static class ScheduleFiles
{
    private const string Stdin = "-";

    /// <param name="path">A file, a folder (all its <c>.yaml</c> and <c>.yml</c>), or <c>-</c> for what is piped in.</param>
    /// <exception cref="CommandFailedException">Something cannot be read; names file and line.</exception>
    public static IReadOnlyList<DeclaredSchedule> Read(string path)
    {
        var schedules = new List<DeclaredSchedule>();
        if (path == Stdin)
            schedules.AddRange(Parse(Console.In.ReadToEnd(), "stdin"));
        else if (Directory.Exists(path))
            schedules.AddRange(Files(path).SelectMany(file => Parse(File.ReadAllText(file), file)));
        else if (File.Exists(path))
            schedules.AddRange(Parse(File.ReadAllText(path), path));
        else
            throw new UsageException($"-f: '{path}' is neither a file nor a folder; '-' reads what is piped in.");

        if (schedules.Count == 0)
            throw new UsageException($"-f: '{path}' declares no schedule.");
        foreach (var twins in schedules.GroupBy(s => s.Id, StringComparer.Ordinal).Where(g => g.Count() > 1))
            throw new UsageException(
                $"{twins.Last().Place}: '{twins.Key}' stands at {twins.First().Place} too; each schedule is declared once.");
        return schedules;
    }

    private static IEnumerable<string> Files(string folder) => Directory.EnumerateFiles(folder)
        .Where(file => Path.GetExtension(file) is ".yaml" or ".yml").Order(StringComparer.Ordinal);

    private static List<DeclaredSchedule> Parse(string text, string file)
    {
        var yaml = new YamlStream();
        try
        {
            yaml.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            // The commonest mistake: a cron expression that begins with the sign of an alias.
            var hint = e is AnchorNotFoundException || e.Message.Contains("alias", StringComparison.OrdinalIgnoreCase)
                ? " A text that begins with '*' needs quotes."
                : "";
            throw new UsageException($"{file}:{e.Start.Line}: it is not valid YAML: {e.Message}{hint}");
        }

        var schedules = new List<DeclaredSchedule>();
        foreach (var root in yaml.Documents.Select(d => d.RootNode))
        {
            foreach (var node in root is YamlSequenceNode list ? list.Children : [root])
            {
                // What is left of a document that is empty or all comments.
                if (node is YamlScalarNode { Value: null or "" })
                    continue;
                schedules.Add(ToSchedule(node, file));
            }
        }

        return schedules;
    }

    private static DeclaredSchedule ToSchedule(YamlNode node, string file)
    {
        var place = $"{file}:{node.Start.Line}";
        if (node is not YamlMappingNode || ToJson(node) is not JsonObject body)
            throw new UsageException($"{place}: a schedule is a mapping of fields, such as 'id: nightly'.");
        if (body["id"] is not JsonValue value || !value.TryGetValue(out string? id) || id.Length == 0)
            throw new UsageException($"{place}: id: it is missing or not a text; it names the schedule.");
        body.Remove("id");
        return new DeclaredSchedule(id, body, place);
    }

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map =>
            new JsonObject(map.Children.Select(c => KeyValuePair.Create(((YamlScalarNode)c.Key).Value ?? "", ToJson(c.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(ToJson)]),
        YamlScalarNode scalar => ToJson(scalar),
        _ => null,
    };

    /// <summary>As YAML's core schema reads plain scalars: null, true, false and numbers; all else is text.</summary>
    private static JsonValue? ToJson(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain)
            return JsonValue.Create(text);
        return text switch
        {
            "" or "~" or "null" => null,
            "true" => JsonValue.Create(true),
            "false" => JsonValue.Create(false),
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) =>
                JsonValue.Create(whole),
            _ when IsNumber(text) && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) =>
                JsonValue.Create(number),
            _ => JsonValue.Create(text),
        };
    }

    private static bool IsNumber(string text) => text.All(c => char.IsAsciiDigit(c) || c is '.' or '-' or '+' or 'e' or 'E');
}
