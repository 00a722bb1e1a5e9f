using System.Data.Common;
using System.Security.Authentication;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Microsoft.Extensions.Options;

namespace Fleet.Core.Setup;

/// <summary>Turns the error of a start into a <see cref="FleetStartException"/>, if it is one that a person can mend.</summary>
public static class StartRefusal
{
    /// <summary>Where the address of the database is set, for the error of a start that cannot reach it.</summary>
    public const string DatabaseAddress =
        "The address is set with " + StorageOptions.Section + ":ConnectionString (as an environment variable: "
            + "Fleet__Storage__ConnectionString), or in code, such as fleet.UsePostgres(\"…\").";

    /// <summary>The reason in words; null for an error that nobody foresaw.</summary>
    public static string? Explain(Exception e) => e switch
    {
        OptionsValidationException options => string.Join(Environment.NewLine, options.Failures),
        InvalidRunException invalid => invalid.Message,
        InvalidOperationException => e.Message,
        // The file, then what is wrong in it, and where.
        InvalidDataException { InnerException: { } inner } => $"{e.Message} {inner.Message} {inner.InnerException?.Message}".TrimEnd(),
        DatabaseUnavailableException => $"The database cannot be used: {Because(e.InnerException ?? e)}",
        DbException => $"The database cannot be used: {Because(e)}",
        _ => null,
    };

    /// <summary>Calls a part of the start.</summary>
    /// <exception cref="FleetStartException">It failed for a reason that <see cref="Explain"/> knows.</exception>
    public static T InWords<T>(Func<T> part)
    {
        try
        {
            return part();
        }
        catch (Exception e) when (e is not FleetStartException && Explain(e) is not null)
        {
            throw InWords(e);
        }
    }

    /// <inheritdoc cref="InWords{T}(Func{T})"/>
    public static async Task InWordsAsync(Func<Task> part)
    {
        try
        {
            await part();
        }
        catch (Exception e) when (e is not FleetStartException && Explain(e) is not null)
        {
            throw InWords(e);
        }
    }

    /// <summary>A driver says only that there was no handshake, and some do not say what was wrong with the certificate.</summary>
    private static string Because(Exception e) => e.Chain().OfType<AuthenticationException>().FirstOrDefault() is { } tls
        ? $"its certificate was refused ({tls.Message.TrimEnd('.')}). Either no trusted authority has signed it (on PostgreSQL, Root "
            + "Certificate in the connection string names one of one's own), or it is for another host name, or it has expired."
        : e.Message;

    private static FleetStartException InWords(Exception e)
    {
        var reason = e is DbException ? $"{Explain(e)}{Environment.NewLine}{DatabaseAddress}" : Explain(e)!;
        return new FleetStartException(ControlCharacters.EscapeLines(Secrets.Hide(reason)), e);
    }
}
