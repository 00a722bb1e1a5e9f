using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Fleet.Core.Jobs;
using Fleet.Core.Rules;
using Fleet.Core.Text;

namespace Fleet.Engine.Execution;

/// <summary>An output that cannot be stored. Trying again would do the same work for the same output: such a run is Failed at
/// once.</summary>
internal sealed class OutputRefusedException(string message, string parameter) : ArgumentException(message, parameter);

/// <summary>Writes outputs as JSON, up to the size that is stored; it stops there, also for a sequence without an end.</summary>
internal static class OutputWriter
{
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = FleetJson.Payload.Encoder,
        MaxDepth = FleetJson.MaxDepth,
        SkipValidation = true,
    };

    /// <summary>As all payloads, and members that are marked with <see cref="SecretAttribute"/> are redacted: an output is there to be
    /// read.</summary>
    private static readonly JsonSerializerOptions Json = new(FleetJson.Payload)
    {
        TypeInfoResolver = FleetJson.Payload.TypeInfoResolver!.WithAddedModifier(RedactSecrets),
    };

    /// <summary>Writes an output.</summary>
    /// <param name="output">Any value; its getters may throw.</param>
    /// <param name="problem">Why it cannot be stored, after "The output …"; null when it can.</param>
    /// <returns>The JSON; null when it cannot be stored.</returns>
    public static string? Write<T>(T output, out string? problem)
    {
        var bytes = new Bytes();
        try
        {
            using var writer = new Utf8JsonWriter(bytes, Options);
            JsonSerializer.Serialize(writer, output, Json);
            writer.Flush();
            problem = null;
            return bytes.ToString();
        }
        catch (Exception e)
        {
            problem = bytes.IsFull ? "is larger than 256 KiB" : $"cannot be written as JSON: {RunError.From(e).Message}";
            return null;
        }
        finally
        {
            bytes.Dispose();
        }
    }

    /// <summary>The output that stands for one that was left out: <c>{"$omitted":"why"}</c>.</summary>
    public static string Omitted(string why) =>
        JsonSerializer.Serialize(new Dictionary<string, string>(StringComparer.Ordinal) { ["$omitted"] = why }, FleetJson.Payload);

    private static void RedactSecrets(JsonTypeInfo info)
    {
        foreach (var property in info.Properties)
        {
            if (!JobSchemas.IsSecret(property))
                continue;
            if (property.IsExtensionData)
                property.Get = static _ => null;
            else
                property.CustomConverter =
                    (JsonConverter)Activator.CreateInstance(typeof(Redacting<>).MakeGenericType(property.PropertyType))!;
        }
    }

    /// <summary>Writes <see cref="SecretAttribute.Redacted"/> for every value; null stays null.</summary>
    private sealed class Redacting<T> : JsonConverter<T>
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException("Outputs are only written.");

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            writer.WriteStringValue(SecretAttribute.Redacted);
    }

    /// <summary>A rented buffer that takes no more than an output may have.</summary>
    private sealed class Bytes : IBufferWriter<byte>, IDisposable
    {
        private byte[] _buffer = ArrayPool<byte>.Shared.Rent(1024);
        private int _count;

        public bool IsFull { get; private set; }

        public void Advance(int count)
        {
            _count += count;
            Require();
        }

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            Require();
            if (_buffer.Length - _count < Math.Max(sizeHint, 1))
            {
                var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_count + sizeHint, _buffer.Length * 2));
                _buffer.AsSpan(0, _count).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = larger;
            }

            return _buffer.AsMemory(_count);
        }

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override string ToString() => Encoding.UTF8.GetString(_buffer, 0, _count);

        public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

        private void Require()
        {
            IsFull |= _count > RunRules.MaxArgsBytes;
            if (IsFull)
                throw new InvalidOperationException("The output is too large.");
        }
    }
}
