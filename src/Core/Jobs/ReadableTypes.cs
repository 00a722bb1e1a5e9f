using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fleet.Core.Text;

namespace Fleet.Core.Jobs;

/// <summary>Finds types that System.Text.Json can write and not read, so that such a job is refused when it is registered and not at its
/// first run.</summary>
internal sealed class ReadableTypes
{
    private readonly HashSet<Type> _seen = [];

    /// <summary>What cannot be read in an args type, as one sentence; null when all can.</summary>
    public static string? FindProblem(Type argsType) => new ReadableTypes().Visit(argsType, "the args type");

    private string? Visit(Type declared, string where)
    {
        var type = Nullable.GetUnderlyingType(declared) ?? declared;
        if (!_seen.Add(type))
            return null;
        JsonTypeInfo info;
        try
        {
            info = FleetJson.Payload.GetTypeInfo(type);
        }
        catch (Exception e) when (e is InvalidOperationException or NotSupportedException or ArgumentException)
        {
            return Problem(type, where, e);
        }

        return info.Kind switch
        {
            JsonTypeInfoKind.Object => VisitObject(info, where),
            // Empty text cannot be read by anybody: types that nobody can read are refused before that.
            JsonTypeInfoKind.Enumerable => Probe(type, "[", where) ?? Visit(info.ElementType!, $"an element of {where}"),
            JsonTypeInfoKind.Dictionary =>
                Probe(type, info.KeyType == typeof(string) ? "{" : """{"0":""", where) ?? Visit(info.ElementType!, $"a value of {where}"),
            _ => IsOurs(info) ? Probe(type, "0", where) ?? Probe(type, "\"\"", where) : null,
        };
    }

    private string? VisitObject(JsonTypeInfo info, string where)
    {
        if (info.PolymorphismOptions is { DerivedTypes.Count: > 0 } options)
        {
            foreach (var derived in options.DerivedTypes.Where(d => d.DerivedType != info.Type))
            {
                if (Visit(derived.DerivedType, $"{derived.DerivedType.Name}, a kind of {where},") is { } problem)
                    return problem;
            }

            // One that cannot be made itself is read as one of the others, by its discriminator.
            if (info.Type.IsAbstract)
                return null;
        }

        // The text ends before a constructor would be called.
        if (info.CreateObject is null && Probe(info.Type, "{", where) is { } wrong)
            return wrong;
        var read = info.Properties.Where(p => p.Set is not null || p.AssociatedParameter is not null).ToList();
        if (read.Count == 0 && IsOfTheRuntime(info.Type))
            return $"{where} is {Name(info.Type)}, of which System.Text.Json reads nothing";
        return read.Where(p => p.CustomConverter is null && !p.IsExtensionData)
            .Select(p => Visit(p.PropertyType, $"'{p.Name}' of {Name(info.Type)}")).FirstOrDefault(problem => problem is not null);
    }

    private static string? Probe(Type type, string json, string where)
    {
        try
        {
            JsonSerializer.Deserialize(json, type, FleetJson.Payload);
            return null;
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException && e.Source == "System.Text.Json")
        {
            return Problem(type, where, e);
        }
        catch (Exception)
        {
            // The text misfits, which is no matter of the type.
            return null;
        }
    }

    /// <summary>Whether System.Text.Json itself reads the type: what a converter of somebody's own refuses says nothing.</summary>
    private static bool IsOurs(JsonTypeInfo info) => info.Converter.GetType().Assembly == typeof(JsonSerializer).Assembly;

    private static bool IsOfTheRuntime(Type type) =>
        type.Namespace is "System" || type.Namespace?.StartsWith("System.", StringComparison.Ordinal) is true;

    private static string Problem(Type type, string where, Exception e) =>
        $"{where} is {Name(type)}, which System.Text.Json cannot read: {JobDefinition.WithoutPosition(e.Message).TrimEnd('.')}";

    private static string Name(Type type) => type.FullName ?? type.Name;
}
