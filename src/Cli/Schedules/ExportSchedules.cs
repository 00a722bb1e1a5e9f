using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Cli.Printing;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet export</c>: all schedules as YAML that <c>fleet apply</c> reads.</summary>
public static class ExportSchedules
{
    private static readonly Option<string> Label = new("--label")
    {
        Description = "Only schedules with this label.",
        HelpName = "NAME=VALUE",
    };

    public static Command Command(CommandContext cli)
    {
        var command = new Command("export", "Print the schedules as YAML that 'apply' reads.") { Label };
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed);
            using var api = cli.Connect(parsed);
            JsonElement[] schedules = [.. api.Items(await api.GetAsync("schedules", ct)).EnumerateArray()
                .Where(s => HasLabel(s, parsed.GetValue(Label)))];
            if (output.Format is OutputFormat.Json or OutputFormat.Yaml)
                output.Answer(new JsonArray([.. schedules.Select(Definition)]).ToElement(), "", "");
            else
            {
                // A document for each, unless another format is wanted.
                foreach (var schedule in schedules)
                {
                    var definition = Definition(schedule).ToElement();
                    output.Answer(
                        definition, schedule.GetProperty("id").GetString()!,
                        () => Console.Out.Write(Yaml.Write(definition, hasMarker: true)));
                }
            }
        });
        return command;
    }

    private static bool HasLabel(JsonElement schedule, string? label) => label is null
        || schedule.GetProperty("labels").EnumerateObject().Any(l => $"{l.Name}={l.Value.GetString()}" == label);

    private static JsonObject Definition(JsonElement schedule)
    {
        var body = ScheduleFields.ToBody(schedule);
        body.Insert(0, "id", schedule.GetProperty("id").GetString());
        return body;
    }
}
