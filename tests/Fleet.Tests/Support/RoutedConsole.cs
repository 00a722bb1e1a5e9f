using System.Text;

namespace Fleet.Tests.Support;

/// <summary>Gives a test the console of the code that it calls, while other tests go on writing to the real one.</summary>
internal static class RoutedConsole
{
    private static readonly AsyncLocal<(TextWriter Out, TextWriter Error)?> Current = new();

    private static readonly Lazy<bool> Installed = new(() =>
    {
        var (output, error) = (Console.Out, Console.Error);
        Console.SetOut(new Router(() => Current.Value?.Out ?? output));
        Console.SetError(new Router(() => Current.Value?.Error ?? error));
        return true;
    });

    /// <summary>Calls code and returns what it wrote, with line feeds as line ends.</summary>
    public static async Task<(T Result, string Output, string Error)> RunAsync<T>(Func<Task<T>> code)
    {
        _ = Installed.Value;
        var (output, error) = (new StringWriter(), new StringWriter());
        Current.Value = (TextWriter.Synchronized(output), TextWriter.Synchronized(error));
        try
        {
            var result = await code();
            return (result, output.ToString().ReplaceLineEndings("\n"), error.ToString().ReplaceLineEndings("\n"));
        }
        finally
        {
            Current.Value = null;
        }
    }

    private sealed class Router(Func<TextWriter> target) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => target().Write(value);

        public override void Write(char[] buffer, int index, int count) => target().Write(buffer, index, count);

        public override void Write(string? value) => target().Write(value);

        public override void Flush() => target().Flush();
    }
}
