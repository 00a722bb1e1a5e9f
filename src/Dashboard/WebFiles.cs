using System.Collections.Frozen;
using System.Reflection;

namespace Fleet.Dashboard;

/// <summary>A file of the page.</summary>
/// <param name="Type">Its media type.</param>
/// <param name="Plain">Its bytes.</param>
/// <param name="Brotli">The same, compressed; null if it is not worth it.</param>
/// <param name="Gzip">Likewise.</param>
internal sealed record WebFile(string Type, byte[] Plain, byte[]? Brotli, byte[]? Gzip);

/// <summary>The files of the page, as they were built, in memory.</summary>
internal static class WebFiles
{
    private const string Folder = "web/";

    private static readonly Assembly Own = typeof(WebFiles).Assembly;

    private static readonly Lazy<FrozenDictionary<string, WebFile>> Read = new(ReadAll);

    /// <summary>Path → file. Empty in a build without the dashboard.</summary>
    public static FrozenDictionary<string, WebFile> All => Read.Value;

    private static FrozenDictionary<string, WebFile> ReadAll()
    {
        var paths = Own.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Select(name => name[Folder.Length..]).ToHashSet(StringComparer.Ordinal);
        return paths.Where(path => TypeOf(path) is not null).ToFrozenDictionary(
            path => path,
            path => new WebFile(TypeOf(path)!, Bytes(path)!, Bytes($"{path}.br"), Bytes($"{path}.gz")),
            StringComparer.Ordinal);

        byte[]? Bytes(string path)
        {
            if (!paths.Contains(path))
                return null;
            using var stream = Own.GetManifestResourceStream(Folder + path)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
    }

    private static string? TypeOf(string path) => Path.GetExtension(path) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".txt" => "text/plain; charset=utf-8",
        _ => null,
    };
}
