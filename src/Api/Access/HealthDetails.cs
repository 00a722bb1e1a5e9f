using Fleet.Core.Access;
using Fleet.Core.Storage;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Access;

/// <summary>Decides who sees more of the health than its one word: errors of databases name hosts and users.</summary>
public sealed class HealthDetails
{
    private readonly Admission _admission;
    private readonly IStorage _storage;

    internal HealthDetails(Admission admission, IStorage storage) => (_admission, _storage) = (admission, storage);

    /// <summary>Whether the caller sees them. While the database does not answer, nobody is known.</summary>
    public async Task<bool> MaySeeAsync(HttpContext http)
    {
        try
        {
            return (await _admission.FindAsync(http))?.Role.May(Permission.Measure) is true;
        }
        catch (Exception e) when (_storage.IsOutage(e))
        {
            return false;
        }
    }
}
