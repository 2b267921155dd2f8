"""Random networks through all passes, compared on all roads; what fails is made small."""
