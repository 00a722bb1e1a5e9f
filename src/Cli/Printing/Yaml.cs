using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Fleet.Cli.Printing;

/// <summary>Writes JSON as YAML.</summary>
internal static class Yaml
{
    /// <summary>One document.</summary>
    /// <param name="json">What it holds.</param>
    /// <param name="hasMarker">Whether it begins with <c>---</c>, so that others may stand before it.</param>
    public static string Write(JsonElement json, bool hasMarker = false)
    {
        var text = new StringWriter { NewLine = "\n" };
        var emitter = new Emitter(text);
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: !hasMarker));
        Emit(emitter, json);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Emit(Emitter emitter, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var isEmpty = !value.EnumerateObject().Any();
                emitter.Emit(new MappingStart(
                    AnchorName.Empty, TagName.Empty, isImplicit: true, isEmpty ? MappingStyle.Flow : MappingStyle.Block));
                foreach (var member in value.EnumerateObject())
                {
                    emitter.Emit(new Scalar(member.Name));
                    Emit(emitter, member.Value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonValueKind.Array:
                var isFlat = value.EnumerateArray().All(item => item.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array));
                emitter.Emit(new SequenceStart(
                    AnchorName.Empty, TagName.Empty, isImplicit: true, isFlat ? SequenceStyle.Flow : SequenceStyle.Block));
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
