namespace Fleet.Api.OpenApi;

/// <summary>The text at the top of the OpenAPI document: what holds for all operations.</summary>
internal static class Introduction
{
    public static string Text { get; } = Read();

    private static string Read()
    {
        using var file = typeof(Introduction).Assembly.GetManifestResourceStream("introduction.md")
            ?? throw new InvalidOperationException("The introduction is not embedded.");
        using var reader = new StreamReader(file);
        return reader.ReadToEnd().ReplaceLineEndings("\n").Trim();
    }
}
