using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Fleet.Core.Rules;
using Fleet.Core.Search;

namespace Fleet.Api.Runs;

/// <summary>Where the next page of a search goes on: the last id, the query that it belongs to, and a check value, so that a mangled cursor
/// is noticed.</summary>
internal static class RunCursor
{
    private const int Id = 16;
    private const int Query = 4;
    private const int Check = 4;

    public static string Write(RunId last, RunQuery query)
    {
        Span<byte> bytes = stackalloc byte[Id + Query + Check];
        last.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        Hash(query.Text)[..Query].CopyTo(bytes[Id..]);
        CheckOf(bytes[..(Id + Query)]).CopyTo(bytes[(Id + Query)..]);
        return Base64Url.EncodeToString(bytes);
    }

    /// <exception cref="InvalidRunException">The cursor is mangled, or belongs to another query.</exception>
    public static RunId? Read(string? text, RunQuery query)
    {
        if (text is null)
            return null;
        Span<byte> bytes = stackalloc byte[Id + Query + Check];
        if (text.Length != Base64Url.GetEncodedLength(bytes.Length) || !Base64Url.IsValid(text, out var length) || length != bytes.Length
            || Base64Url.DecodeFromChars(text, bytes) != bytes.Length
            || !CheckOf(bytes[..(Id + Query)]).SequenceEqual(bytes[(Id + Query)..]))
            throw new InvalidRunException(RunRules.Invalid("invalid_cursor", "cursor", text, "the 'next' of an earlier page, unchanged"));
        if (!Hash(query.Text).AsSpan(0, Query).SequenceEqual(bytes.Slice(Id, Query)))
        {
            throw new InvalidRunException(new InputError(
                "cursor_of_another_query", "cursor",
                "cursor: it belongs to another query; ask with the query of the page that gave it.", text, "a cursor with its own query"));
        }

        return new RunId(new Guid(bytes[..Id], bigEndian: true));
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private static ReadOnlySpan<byte> CheckOf(ReadOnlySpan<byte> bytes) =>
        SHA256.HashData([.. "fleet-cursor-2"u8, .. bytes]).AsSpan(0, Check);
}
