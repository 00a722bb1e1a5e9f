using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Fleet;

/// <summary>The job that a type of args names, and args as JSON: what every client does before it sends a run.</summary>
public static class JobArgs
{
    private const int LongestReason = 300;

    private static readonly ConcurrentDictionary<Type, string> Names = new();

    /// <summary>How args and outputs are read and written: camelCase names, enums as camelCase words, at most 64 levels. Members that the
    /// reader does not know are skipped; a missing member that is neither nullable nor has a default is an error.</summary>
    public static JsonSerializerOptions Json { get; } = MakeOptions();

    /// <summary>The name of the job.</summary>
    /// <exception cref="InvalidOperationException">The type has no <see cref="JobAttribute"/>.</exception>
    public static string NameOf(Type args) => Names.GetOrAdd(args, static type =>
        type.GetCustomAttribute<JobAttribute>()?.Name
        ?? throw new InvalidOperationException($"{type} names no job: it has no [Job(\"name\")] attribute."));

    /// <summary>Writes args as JSON text.</summary>
    /// <exception cref="InvalidRunException">They cannot be written: they hold a NaN, a cycle, or null where the type allows
    /// none.</exception>
    public static string Write(object args)
    {
        try
        {
            return JsonSerializer.Serialize(args, args.GetType(), Json);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException
            || (e is ArgumentException or InvalidOperationException && e.Source == "System.Text.Json"))
        {
            var field = Shown.Value("args" + ((e as JsonException)?.Path ?? "").TrimStart('$'));
            var reason = Shown.Value(e.Message, LongestReason);
            throw new InvalidRunException(new InputError("invalid_argument", field, $"{field}: they cannot be written as JSON: {reason}"));
        }
    }

    private static JsonSerializerOptions MakeOptions()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            NumberHandling = JsonNumberHandling.Strict,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
            MaxDepth = 64,
            // An object in JSON has no order: other languages and jsonb put the discriminator anywhere.
            AllowOutOfOrderMetadataProperties = true,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            DefaultIgnoreCondition = JsonIgnoreCondition.Never,
        };
        var resolver = new DefaultJsonTypeInfoResolver();
        resolver.Modifiers.Add(LetNullableBeMissing);
        options.TypeInfoResolver = resolver;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.MakeReadOnly();
        return options;
    }

    /// <summary>A nullable parameter of a record is null when it is left out: a record that gains one can still read what was written
    /// before. The serializer takes every parameter without a default for required.</summary>
    private static void LetNullableBeMissing(JsonTypeInfo info)
    {
        foreach (var property in info.Properties)
        {
            if (property
                is
                {
                    IsRequired: true,
                    AssociatedParameter: { IsNullable: true, HasDefaultValue: false, AttributeProvider: ParameterInfo parameter }
                }
                && !IsMarkedRequired(property.AttributeProvider) && IsNullable(parameter))
            {
                property.IsRequired = false;
            }
        }
    }

    private static bool IsMarkedRequired(ICustomAttributeProvider? property) => property is not null
        && (property.IsDefined(typeof(JsonRequiredAttribute), inherit: true)
            || property.IsDefined(typeof(RequiredMemberAttribute), inherit: true));

    /// <summary>False for a reference where nullable annotations are off: nobody said that it may be null.</summary>
    private static bool IsNullable(ParameterInfo parameter) =>
        Nullable.GetUnderlyingType(parameter.ParameterType) is not null
            || new NullabilityInfoContext().Create(parameter).WriteState == NullabilityState.Nullable;
}
