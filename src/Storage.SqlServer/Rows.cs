using System.Buffers;
using System.Data;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Data.SqlClient;

namespace Fleet.Storage.SqlServer;

/// <summary>A set of rows as one parameter: a JSON array of objects for <c>OPENJSON</c>. Ids and bytes are hexadecimal digits, instants
/// are UTC without an offset, and a member that is missing is NULL.</summary>
internal static class Rows
{
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>The parameter <c>@rows</c>.</summary>
    public static SqlParameter Of<T>(IEnumerable<T> items, Action<Utf8JsonWriter, T> writeMembers)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartArray();
            foreach (var item in items)
            {
                json.WriteStartObject();
                writeMembers(json, item);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return new SqlParameter("@rows", SqlDbType.NVarChar, -1) { Value = Encoding.UTF8.GetString(buffer.WrittenSpan) };
    }

    public static void WriteId(this Utf8JsonWriter json, string name, Guid? id)
    {
        if (id is { } value)
            json.WriteString(name, value.ToString("N"));
    }

    public static void WriteId(this Utf8JsonWriter json, string name, RunId? id) => json.WriteId(name, id?.Value);

    public static void WriteInstant(this Utf8JsonWriter json, string name, DateTimeOffset? instant)
    {
        if (instant is { } value)
            json.WriteString(name, DateTime.SpecifyKind(value.UtcDateTime, DateTimeKind.Unspecified));
    }

    public static void WriteText(this Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
            json.WriteString(name, text);
    }

    public static void WriteBytes(this Utf8JsonWriter json, string name, byte[]? bytes)
    {
        if (bytes is not null)
            json.WriteString(name, Convert.ToHexString(bytes));
    }

    public static void WriteNumber(this Utf8JsonWriter json, string name, int? number)
    {
        if (number is { } value)
            json.WriteNumber(name, value);
    }
}
