using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Fleet.Core.Text;

/// <summary>The JSON dialects of Fleet: camelCase names, enums as camelCase words.</summary>
public static class FleetJson
{
    /// <summary>How deep args may nest. 64 is what System.Text.Json itself takes by default.</summary>
    public const int MaxDepth = 64;

    /// <summary>For args and outputs: tolerant of members that a newer or older sender knows, strict about missing ones that are neither
    /// nullable nor have a default.</summary>
    public static JsonSerializerOptions Payload { get; } = Make(JsonUnmappedMemberHandling.Skip);

    /// <summary>For requests of people: as <see cref="Payload"/>, and an unknown or doubled member is an error.</summary>
    public static JsonSerializerOptions Strict { get; } = Make(JsonUnmappedMemberHandling.Disallow);

    private static JsonSerializerOptions Make(JsonUnmappedMemberHandling unmapped)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            NumberHandling = JsonNumberHandling.Strict,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            UnmappedMemberHandling = unmapped,
            AllowDuplicateProperties = unmapped == JsonUnmappedMemberHandling.Skip,
            MaxDepth = MaxDepth,
            // An object in JSON has no order: other languages and jsonb put the discriminator anywhere.
            AllowOutOfOrderMetadataProperties = true,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
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
            || property.IsDefined(typeof(System.Runtime.CompilerServices.RequiredMemberAttribute), inherit: true));

    /// <summary>False for a reference where nullable annotations are off: nobody said that it may be null.</summary>
    private static bool IsNullable(ParameterInfo parameter) =>
        Nullable.GetUnderlyingType(parameter.ParameterType) is not null
            || new NullabilityInfoContext().Create(parameter).WriteState == NullabilityState.Nullable;
}
