using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fleet.Core.Text;

namespace Fleet.Core.Jobs;

/// <summary>Finds out whether args that cannot be read only lack a required member, as those of a run do that was enqueued before the
/// member was added.</summary>
internal static class MissingArgs
{
    private static readonly JsonSerializerOptions Lenient = MakeLenient();

    /// <param name="type">The type of the args.</param>
    /// <param name="json">Args that do not fit it.</param>
    /// <returns>The first missing member, such as <c>args.customer</c>; null when something else is wrong with the args.</returns>
    public static string? Find(Type type, string json)
    {
        try
        {
            JsonSerializer.Deserialize(json, type, Lenient);
        }
        catch (JsonException)
        {
            return null;
        }
        catch (Exception)
        {
            // The constructor refuses what stands for the missing member: it is the missing one all the same.
        }

        return Find(FleetJson.Payload.GetTypeInfo(type), JsonElement.Parse(json), "args") ?? "args";
    }

    private static string? Find(JsonTypeInfo info, JsonElement value, string path)
    {
        switch (info.Kind)
        {
            case JsonTypeInfoKind.Object when value.ValueKind == JsonValueKind.Object:
                var given = value.EnumerateObject().ToLookup(m => m.Name, m => m.Value, StringComparer.OrdinalIgnoreCase);
                return info.Properties.Where(p => p.IsRequired && !given.Contains(p.Name)).Select(p => $"{path}.{p.Name}").FirstOrDefault()
                    ?? info.Properties.Where(p => given.Contains(p.Name))
                        .Select(p => Find(FleetJson.Payload.GetTypeInfo(p.PropertyType), given[p.Name].Last(), $"{path}.{p.Name}"))
                        .FirstOrDefault(found => found is not null);
            case JsonTypeInfoKind.Enumerable when value.ValueKind == JsonValueKind.Array && info.ElementType is { } element:
                var item = FleetJson.Payload.GetTypeInfo(element);
                return value.EnumerateArray().Select((v, i) => Find(item, v, $"{path}[{i}]")).FirstOrDefault(found => found is not null);
            case JsonTypeInfoKind.Dictionary when value.ValueKind == JsonValueKind.Object && info.ElementType is { } element:
                var entry = FleetJson.Payload.GetTypeInfo(element);
                return value.EnumerateObject().Select(m => Find(entry, m.Value, $"{path}.{m.Name}"))
                    .FirstOrDefault(found => found is not null);
            default:
                return null;
        }
    }

    private static JsonSerializerOptions MakeLenient()
    {
        var resolver = new DefaultJsonTypeInfoResolver();
        resolver.Modifiers.Add(info =>
        {
            foreach (var property in info.Properties)
                property.IsRequired = false;
        });
        var options = new JsonSerializerOptions(FleetJson.Payload)
        {
            TypeInfoResolver = resolver,
            RespectRequiredConstructorParameters = false,
        };
        options.MakeReadOnly();
        return options;
    }
}
