using System.CommandLine;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

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
            using var api = cli.Connect(parsed);
            foreach (var schedule in (await api.GetAsync("schedules", ct)).GetProperty("items").EnumerateArray()
                .Where(s => HasLabel(s, parsed.GetValue(Label))))
                Console.Out.Write(ToYaml(schedule));
        });
        return command;
    }

    private static bool HasLabel(JsonElement schedule, string? label) => label is null
        || schedule.GetProperty("labels").EnumerateObject().Any(l => $"{l.Name}={l.Value.GetString()}" == label);

    private static string ToYaml(JsonElement schedule)
    {
        var text = new StringWriter { NewLine = "\n" };
        var emitter = new Emitter(text);
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: false));
        emitter.Emit(new MappingStart());
        Emit(emitter, "id", schedule.GetProperty("id"));
        foreach (var (name, value) in ScheduleFields.Of(schedule))
            Emit(emitter, name, value);
        emitter.Emit(new MappingEnd());
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Emit(Emitter emitter, string name, JsonElement value)
    {
        emitter.Emit(new Scalar(name));
        Emit(emitter, value);
    }

    private static void Emit(Emitter emitter, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                emitter.Emit(new MappingStart());
                foreach (var member in value.EnumerateObject())
                    Emit(emitter, member.Name, member.Value);
                emitter.Emit(new MappingEnd());
                break;
            case JsonValueKind.Array:
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, SequenceStyle.Flow));
                foreach (var item in value.EnumerateArray())
                    Emit(emitter, item);
                emitter.Emit(new SequenceEnd());
                break;
            case JsonValueKind.String:
                // Quoted, so that no reader takes a text for a number, a date or an alias.
                emitter.Emit(
                    new Scalar(
                        AnchorName.Empty, TagName.Empty, value.GetString()!, ScalarStyle.DoubleQuoted, isPlainImplicit: false,
                        isQuotedImplicit: true));
                break;
            default:
                emitter.Emit(new Scalar(value.GetRawText()));
                break;
        }
    }
}
